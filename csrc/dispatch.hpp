// Run-time choice of the instruction level, made once per process.
//
// A kernel is written once as an always-inlined body and stamped out by SIMCORE_DISPATCH for each level. Since no
// level contracts or reorders floating-point operations, all levels give the same bytes; only the speed differs.
#pragma once

#if defined(__GNUC__)
#define SIMCORE_INLINE inline __attribute__((always_inline))
#else
#define SIMCORE_INLINE inline
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__APPLE__)
#define SIMCORE_LEVELS 1
#define SIMCORE_TARGET(level) __attribute__((target(level), flatten, noinline))
#else
#define SIMCORE_LEVELS 0
#endif

// Before a loop: what one turn writes no other reads, so that it may be vectorised without a look at the pointers.
#if defined(__GNUC__) && !defined(__clang__)
#define SIMCORE_INDEPENDENT _Pragma("GCC ivdep")
#else
#define SIMCORE_INDEPENDENT
#endif

// Hides from the compiler where an index came from. A loop that fetches from a table is faster one by one than with its
// indices in vectors, out of which they must be taken again.
#if defined(__GNUC__)
#define SIMCORE_ONE_BY_ONE(index) __asm__("" : "+r"(index))
#else
#define SIMCORE_ONE_BY_ONE(index) static_cast<void>(index)
#endif

namespace simcore {

// 0: baseline of the architecture, 3: x86-64-v3 (AVX2), 4: x86-64-v4 (AVX-512).
int instruction_level();

// Lower the level (never above what the machine has); returns the one now in force.
int set_instruction_level(int level);

}  // namespace simcore

// SIMCORE_DISPATCH(name, body, (parameters), (arguments)) defines `void name parameters` that calls the
// always-inlined `body arguments`, compiled for each level. SIMCORE_DISPATCH_EACH takes another body for each level.
#define SIMCORE_DISPATCH(name, body, parameters, arguments) \
    SIMCORE_DISPATCH_EACH(name, body, body, body, parameters, arguments)

#if SIMCORE_LEVELS
#define SIMCORE_DISPATCH_EACH(name, body_v4, body_v3, body_base, parameters, arguments) \
    namespace {                                                                         \
    SIMCORE_TARGET("arch=x86-64-v4") void name##_v4 parameters { body_v4 arguments; }   \
    SIMCORE_TARGET("arch=x86-64-v3") void name##_v3 parameters { body_v3 arguments; }   \
    void name##_base parameters { body_base arguments; }                                \
    }                                                                                   \
    void name parameters {                                                              \
        switch (::simcore::instruction_level()) {                                       \
            case 4:                                                                     \
                name##_v4 arguments;                                                    \
                break;                                                                  \
            case 3:                                                                     \
                name##_v3 arguments;                                                    \
                break;                                                                  \
            default:                                                                    \
                name##_base arguments;                                                  \
                break;                                                                  \
        }                                                                               \
    }
#else
#define SIMCORE_DISPATCH_EACH(name, body_v4, body_v3, body_base, parameters, arguments) \
    void name parameters { body_base arguments; }
#endif

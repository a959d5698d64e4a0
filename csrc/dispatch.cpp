#include "dispatch.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>

namespace simcore {
namespace {

int machine_level() {
#if SIMCORE_LEVELS
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return 4;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) return 3;
#endif
    return 0;
}

int wanted_level() {
    const char* wish = std::getenv("SIMCORE_ISA");  // "v4", "v3" or "v1"
    if (wish == nullptr) return 4;
    const std::string name(wish);
    return name == "v4" ? 4 : name == "v3" ? 3 : 0;
}

std::atomic<int>& level() {
    static std::atomic<int> chosen{std::min(machine_level(), wanted_level())};
    return chosen;
}

}  // namespace

int instruction_level() { return level().load(std::memory_order_relaxed); }

int set_instruction_level(int wish) {
    level() = std::min(machine_level(), wish);
    return instruction_level();
}

}  // namespace simcore

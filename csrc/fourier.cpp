#include "fourier.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "elementary.hpp"
#include "lanes.hpp"

namespace simcore {
namespace {

constexpr double kTwoPi = 6.28318530717958647692;

bool is_fast(std::int64_t size) {
    for (const int factor : {2, 3, 5})
        while (size % factor == 0) size /= factor;
    return size == 1;
}

template <int bytes, class T>
struct Columns {
    using Lanes = Pack<T, kColumns<T>, bytes>;
    Lanes re, im;

    SIMCORE_INLINE Columns() {}
    SIMCORE_INLINE Columns(const Lanes& real, const Lanes& imaginary) : re(real), im(imaginary) {}
    SIMCORE_INLINE explicit Columns(const T* from) : re(from), im(from + kColumns<T>) {}
    SIMCORE_INLINE void store(T* to) const {
        re.store(to);
        im.store(to + kColumns<T>);
    }
    SIMCORE_INLINE Columns operator+(const Columns& b) const { return {re + b.re, im + b.im}; }
    SIMCORE_INLINE Columns operator-(const Columns& b) const { return {re - b.re, im - b.im}; }
    SIMCORE_INLINE Columns turned() const { return {T(0) - im, re}; }  // times i
    SIMCORE_INLINE Columns scaled(T factor) const { return {factor * re, factor * im}; }
    SIMCORE_INLINE Columns times(T c, T s) const { return {c * re - s * im, c * im + s * re}; }
};

// The sums over x[k] exp(2 pi i j k / radix), j = 0 .. radix - 1, in place.
template <int radix, class Value>
SIMCORE_INLINE void butterfly(Value* x) {
    if constexpr (radix == 2) {
        const Value difference = x[0] - x[1];
        x[0] = x[0] + x[1];
        x[1] = difference;
    } else if constexpr (radix == 4) {
        const Value a = x[0] + x[2], b = x[0] - x[2], c = x[1] + x[3], d = (x[1] - x[3]).turned();
        x[0] = a + c;
        x[1] = b + d;
        x[2] = a - c;
        x[3] = b - d;
    } else if constexpr (radix == 3) {
        const Value sum = x[1] + x[2], side = (x[1] - x[2]).scaled(0.86602540378443864676).turned();
        const Value middle = x[0] - sum.scaled(0.5);
        x[0] = x[0] + sum;
        x[1] = middle + side;
        x[2] = middle - side;
    } else {
        const Value near = x[1] + x[4], far = x[2] + x[3], one = x[1] - x[4], two = x[2] - x[3];
        const Value a = x[0] + near.scaled(0.30901699437494742410) - far.scaled(0.80901699437494742410);
        const Value b = x[0] - near.scaled(0.80901699437494742410) + far.scaled(0.30901699437494742410);
        const Value c = (one.scaled(0.95105651629515357212) + two.scaled(0.58778525229247312917)).turned();
        const Value d = (one.scaled(0.58778525229247312917) - two.scaled(0.95105651629515357212)).turned();
        x[0] = x[0] + near + far;
        x[1] = a + c;
        x[2] = b + d;
        x[3] = b - d;
        x[4] = a - c;
    }
}

template <int bytes, int radix, class T>
SIMCORE_INLINE void stage(const FourierPlan<T>& plan, std::int64_t length, const T* in, T* out) {
    using Value = Columns<bytes, T>;
    constexpr std::int64_t element = 2 * kColumns<T>;
    const std::int64_t parts = length / radix, stride = plan.size / length;
    for (std::int64_t p = 0; p < parts; ++p) {
        T c[radix], s[radix];
        for (int j = 1; j < radix; ++j) {
            c[j] = plan.cosine[p * j * stride];
            s[j] = plan.sine[p * j * stride];
        }
        for (std::int64_t q = 0; q < stride; ++q) {
            Value x[radix];
            for (int j = 0; j < radix; ++j) x[j] = Value(in + element * (q + stride * (p + parts * j)));
            butterfly<radix>(x);
            T* to = out + element * (q + stride * radix * p);
            x[0].store(to);
            for (int j = 1; j < radix; ++j) (p == 0 ? x[j] : x[j].times(c[j], s[j])).store(to + element * stride * j);
        }
    }
}

// The transform of the elements at `here`; returns where the result is, `here` or `there`.
template <int bytes, class T>
SIMCORE_INLINE const T* transform(const FourierPlan<T>& plan, T* here, T* there) {
    std::int64_t length = plan.size;
    for (const int radix : plan.radices) {
        if (radix == 4) stage<bytes, 4>(plan, length, here, there);
        if (radix == 2) stage<bytes, 2>(plan, length, here, there);
        if (radix == 3) stage<bytes, 3>(plan, length, here, there);
        if (radix == 5) stage<bytes, 5>(plan, length, here, there);
        length /= radix;
        std::swap(here, there);
    }
    return here;
}

template <class T>
struct ColumnsCall {
    const FourierPlan<T>& plan;
    std::int64_t columns;
    Planes<const T> in;
    std::int64_t first, rows;
    Planes<T> out;
    std::int64_t wanted;
    bool transposed;
    T* work;
};

// The rows of kColumns columns to the places of their elements, zero elsewhere.
template <int bytes, class T>
SIMCORE_INLINE void gather(const ColumnsCall<T>& call, std::int64_t column, T* to) {
    using Value = Columns<bytes, T>;
    const std::int64_t size = call.plan.size;
    std::fill(to, to + 2 * kColumns<T> * size, T(0));
    std::int64_t at = ((call.first % size) + size) % size;
    for (std::int64_t row = 0; row < call.rows; ++row) {
        T* element = to + 2 * kColumns<T> * at;
        const std::int64_t from = row * call.in.stride + column;
        Value value;
        value.re = typename Value::Lanes(call.in.re + from);
        value.im = typename Value::Lanes(call.in.im + from);
        (row < size ? value : value + Value(element)).store(element);
        if (++at == size) at = 0;
    }
}

template <class T>
SIMCORE_INLINE void scatter(const ColumnsCall<T>& call, std::int64_t column, const T* from) {
    constexpr std::int64_t width = kColumns<T>;
    if (!call.transposed) {
        for (std::int64_t i = 0; i < call.wanted; ++i) {
            const std::int64_t to = i * call.out.stride + column;
            std::copy(from + 2 * width * i, from + 2 * width * i + width, call.out.re + to);
            std::copy(from + 2 * width * i + width, from + 2 * width * (i + 1), call.out.im + to);
        }
        return;
    }
    for (std::int64_t lane = 0; lane < std::min(width, call.columns - column); ++lane) {
        T* re = call.out.re + (column + lane) * call.out.stride;
        T* im = call.out.im + (column + lane) * call.out.stride;
        for (std::int64_t i = 0; i < call.wanted; ++i) {
            re[i] = from[2 * width * i + lane];
            im[i] = from[2 * width * i + width + lane];
        }
    }
}

template <int bytes, class T>
SIMCORE_INLINE void columns_body(const ColumnsCall<T>& call) {
    T* here = call.work;
    T* there = here + 2 * kColumns<T> * call.plan.size;
    for (std::int64_t column = 0; column < call.columns; column += kColumns<T>) {
        gather<bytes>(call, column, here);
        scatter(call, column, transform<bytes>(call.plan, here, there));
    }
}

SIMCORE_DISPATCH_LANES(columns_dispatched, columns_body, (const ColumnsCall<float>& call), (call))
SIMCORE_DISPATCH_LANES(columns_dispatched, columns_body, (const ColumnsCall<double>& call), (call))

}  // namespace

std::int64_t fast_size(double least) {
    std::int64_t size = 4 * std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(least / 4.0)));
    while (!is_fast(size)) size += 4;
    return size;
}

template <class T>
FourierPlan<T>::FourierPlan(std::int64_t length) : size(length), cosine(length), sine(length) {
    for (const int radix : {4, 2, 3, 5})
        for (; length % radix == 0; length /= radix) radices.push_back(radix);
    for (std::int64_t i = 0; i < size; ++i) {
        const elementary::SinCos turn = elementary::sincos(kTwoPi * static_cast<double>(i) / static_cast<double>(size));
        cosine[i] = static_cast<T>(turn.cos);
        sine[i] = static_cast<T>(turn.sin);
    }
}

template <class T>
void transform_columns(const FourierPlan<T>& plan, std::int64_t columns, Planes<const T> in, std::int64_t first,
                       std::int64_t rows, Planes<T> out, std::int64_t wanted, bool transposed, std::vector<T>& work) {
    work.resize(static_cast<std::size_t>(4 * kColumns<T> * plan.size));
    columns_dispatched(ColumnsCall<T>{plan, columns, in, first, rows, out, wanted, transposed, work.data()});
}

template struct FourierPlan<float>;
template struct FourierPlan<double>;
template void transform_columns(const FourierPlan<float>&, std::int64_t, Planes<const float>, std::int64_t,
                                std::int64_t, Planes<float>, std::int64_t, bool, std::vector<float>&);
template void transform_columns(const FourierPlan<double>&, std::int64_t, Planes<const double>, std::int64_t,
                                std::int64_t, Planes<double>, std::int64_t, bool, std::vector<double>&);

}  // namespace simcore

/* SPDX-License-Identifier: Apache-2.0
 * Numbers, truth and gaps. A decimal number is m * 10^e with a whole m. When m has at most 19
 * digits it fits a 64-bit word, and for |e| <= 19 so does 10^|e|: then m * 10^e is a 128-bit
 * product, or a quotient of which 62 bits and "is there a remainder" suffice, and one rounding
 * gives the nearest double. All else, which is rare, goes through strtod, written without a decimal
 * point, so that no locale matters. */
#include "data/table/value.h"
#include "base/isa.h"
#include "data/table/digits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static brn__slice trim(brn__slice field)
{
    while (field.length && (*field.bytes == ' ' || *field.bytes == '\t'))
        field.bytes++, field.length--;
    while (field.length &&
           (field.bytes[field.length - 1] == ' ' || field.bytes[field.length - 1] == '\t'))
        field.length--;
    return field;
}

static unsigned digit_of(char c)
{
    return (unsigned)(unsigned char)c - '0'; /* above 9: not a digit */
}

bool brn__read_integer(brn__slice field, int64_t *out)
{
    field = trim(field);
    const char *p = field.bytes, *end = p + field.length;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return false;
    while (p < end - 1 && *p == '0') p++;
    if (end - p > 19) return false;
    uint64_t value = 0;
    for (; p < end; p++) {
        unsigned digit = digit_of(*p);
        if (digit > 9) return false;
        value = value * 10 + digit; /* 19 digits stay below 2^64 */
    }
    if (value > (uint64_t)INT64_MAX + negative) return false;
    *out = (int64_t)(negative ? -value : value);
    return true;
}

enum { WORD_DIGITS = 19 }; /* decimal digits that always fit a 64-bit word */

typedef struct decimal {
    bool negative;
    uint64_t digits; /* the first WORD_DIGITS significant ones */
    int count;       /* significant digits in all; large numbers stop counting at INT_MAX / 2 */
    int exponent;    /* of the last digit in `digits` */
    const char *first, *end; /* the text from the first significant digit to the exponent */
} decimal;

/* Reads digits (with the point among them when *seen_point is false) into the number. */
static const char *read_digits(const char *p, const char *end, char point, decimal *number,
                               bool *any)
{
    bool behind = false;
    for (; p < end; p++) {
        unsigned digit = digit_of(*p);
        if (digit > 9) {
            if (*p != point || behind) break;
            behind = true;
            continue;
        }
        *any = true;
        if (number->count == 0 && digit == 0) {
            number->exponent -= behind;
            continue;
        }
        if (number->count == 0) number->first = p;
        if (number->count < WORD_DIGITS) {
            number->digits = number->digits * 10 + digit;
            number->exponent -= behind;
        } else {
            number->exponent += !behind;
        }
        number->count += number->count < INT32_MAX / 2;
    }
    number->end = p;
    return p;
}

static const char *read_exponent(const char *p, const char *end, int *out)
{
    bool negative = p < end && *p == '-';
    int value = 0;
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end || digit_of(*p) > 9) return NULL;
    for (; p < end && digit_of(*p) <= 9; p++)
        if (value < 100000) value = value * 10 + (int)digit_of(*p);
    *out = negative ? -value : value;
    return p;
}

enum { MOST_FIVES = 27 };

/* 5^0 .. 5^27, the last that fits 63 bits: 10^e = 5^e * 2^e, and powers of two cost nothing. */
static const uint64_t powers_of_five[MOST_FIVES + 1] = {
    1u,
    5u,
    25u,
    125u,
    625u,
    3125u,
    15625u,
    78125u,
    390625u,
    1953125u,
    9765625u,
    48828125u,
    244140625u,
    1220703125u,
    6103515625u,
    30517578125u,
    152587890625u,
    762939453125u,
    3814697265625u,
    19073486328125u,
    95367431640625u,
    476837158203125u,
    2384185791015625u,
    11920928955078125u,
    59604644775390625u,
    298023223876953125u,
    1490116119384765625u,
    7450580596923828125u,
};

/* word * 2^exponent, rounded once: word has at least 62 bits, or is exact in 53. */
__attribute__((always_inline)) static inline double scale(uint64_t word, int exponent)
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52; /* far from the ends of the range here */
    double power;
    memcpy(&power, &bits, sizeof power);
    return (double)word * power;
}

__extension__ typedef unsigned __int128 wide;

__attribute__((always_inline)) static inline double multiply(uint64_t digits, int exponent)
{
    wide product = (wide)digits * powers_of_five[exponent];
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    if (high == 0) return scale(low, exponent);
    int shift = __builtin_clzll(high);
    if (shift) high = high << shift | low >> (64 - shift), low <<= shift;
    return scale(high | (low != 0), 64 - shift + exponent); /* the lowest bit stands for the rest */
}

__attribute__((always_inline)) static inline double divide(uint64_t digits, int exponent)
{
    uint64_t divisor = powers_of_five[exponent];
    int up = __builtin_clzll(digits), divisor_up = __builtin_clzll(divisor);
    wide numerator = (wide)(digits << up) << 63; /* its upper half is below the divisor */
    divisor <<= divisor_up;
    uint64_t quotient = (uint64_t)(numerator / divisor);
    bool rest = numerator % divisor != 0;
    return scale(quotient | rest, divisor_up - up - 63 - exponent);
}

/* digits * 10^exponent by exact doubles, where that is possible: Clinger's observation. */
__attribute__((always_inline)) static inline bool exact_doubles(uint64_t digits, int exponent,
                                                                double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (digits > (uint64_t)1 << 53 || exponent < -22 || exponent > 22) return false;
    *out = exponent < 0 ? (double)digits / powers[-exponent] : (double)digits * powers[exponent];
    return true;
}

/* The long way. 767 digits decide every double; a 1 behind stands for the rest of a longer number.
 */
static double by_strtod(const decimal *number, int exponent)
{
    enum { DECISIVE = 770 };
    char text[DECISIVE + 32];
    int count = 0;
    bool rest = false;
    for (const char *p = number->first; p < number->end; p++) {
        if (digit_of(*p) > 9) continue;
        if (count < DECISIVE)
            text[count++] = *p;
        else
            rest = rest || *p != '0';
    }
    /* `exponent` belongs to the digit WORD_DIGITS, or to the last of fewer. */
    int used = number->count < WORD_DIGITS ? number->count : WORD_DIGITS;
    if (rest) text[count++] = '1';
    snprintf(text + count, 32, "e%d", exponent - (count - used));
    return strtod(text, NULL);
}

/* 2^(127 + b) / 5^n rounded down, of 128 bits, b the bits of 5^n: {upper, lower} half. */
static const uint64_t parts_of_five[MOST_FIVES + 1][2] = {
    {0, 0},
    {0xcccccccccccccccc, 0xcccccccccccccccc},
    {0xa3d70a3d70a3d70a, 0x3d70a3d70a3d70a3},
    {0x83126e978d4fdf3b, 0x645a1cac083126e9},
    {0xd1b71758e219652b, 0xd3c36113404ea4a8},
    {0xa7c5ac471b478423, 0x0fcf80dc33721d53},
    {0x8637bd05af6c69b5, 0xa63f9a49c2c1b10f},
    {0xd6bf94d5e57a42bc, 0x3d32907604691b4c},
    {0xabcc77118461cefc, 0xfdc20d2b36ba7c3d},
    {0x89705f4136b4a597, 0x31680a88f8953030},
    {0xdbe6fecebdedd5be, 0xb573440e5a884d1b},
    {0xafebff0bcb24aafe, 0xf78f69a51539d748},
    {0x8cbccc096f5088cb, 0xf93f87b7442e45d3},
    {0xe12e13424bb40e13, 0x2865a5f206b06fb9},
    {0xb424dc35095cd80f, 0x538484c19ef38c94},
    {0x901d7cf73ab0acd9, 0x0f9d37014bf60a10},
    {0xe69594bec44de15b, 0x4c2ebe687989a9b3},
    {0xb877aa3236a4b449, 0x09befeb9fad487c2},
    {0x9392ee8e921d5d07, 0x3aff322e62439fcf},
    {0xec1e4a7db69561a5, 0x2b31e9e3d06c32e5},
    {0xbce5086492111aea, 0x88f4bb1ca6bcf584},
    {0x971da05074da7bee, 0xd3f6fc16ebca5e03},
    {0xf1c90080baf72cb1, 0x5324c68b12dd6338},
    {0xc16d9a0095928a27, 0x75b7053c0f178293},
    {0x9abe14cd44753b52, 0xc4926a9672793542},
    {0xf79687aed3eec551, 0x3a83ddbd83f52204},
    {0xc612062576589dda, 0x95364afe032a819d},
    {0x9e74d1b791e07e48, 0x775ea264cf55347d},
};

/* digits / 10^exponent by a product with the reciprocal (after Lemire 2021). The reciprocal is at
 * most one unit too small, so the product's upper 128 bits are: but where their lower half is all
 * ones or all zeros, what is above them and whether something is below is known. */
__attribute__((always_inline)) static inline bool by_reciprocal(uint64_t digits, int exponent,
                                                                double *out)
{
    const uint64_t *part = parts_of_five[exponent];
    if (digits == 0) return false;
    const int up = __builtin_clzll(digits), bits = 64 - __builtin_clzll(powers_of_five[exponent]);
    digits <<= up;
    const wide product = (wide)digits * part[0] + (uint64_t)((wide)digits * part[1] >> 64);
    const uint64_t low = (uint64_t)product;
    if (low == 0 || low == UINT64_MAX) return false;
    *out = scale((uint64_t)(product >> 64) | 1, 1 - up - bits - exponent);
    return true;
}

/* digits * 10^exponent where that can be done without the long way. */
__attribute__((always_inline)) static inline bool by_words(uint64_t digits, int exponent,
                                                           double *out)
{
    if (exact_doubles(digits, exponent, out)) return true;
    if (digits == 0) return *out = 0, true;
    if (exponent < -MOST_FIVES || exponent > MOST_FIVES) return false;
    if (exponent < 0 && by_reciprocal(digits, -exponent, out)) return true;
    *out = exponent < 0 ? divide(digits, -exponent) : multiply(digits, exponent);
    return true;
}

static double value_of(const decimal *number, int exponent)
{
    double value;
    if (number->count == 0) return 0;
    if (number->count <= WORD_DIGITS && by_words(number->digits, exponent, &value)) return value;
    return by_strtod(number, exponent);
}

/* Digits into *value, which may overflow: the caller counts them. */
__attribute__((always_inline)) static inline const char *
run_of_digits(const char *p, const char *end, uint64_t *value)
{
    uint64_t eight;
    for (; end - p >= 8 && brn__eight_digits(p, &eight); p += 8) *value = *value * 100000000 + eight;
    for (; p < end && digit_of(*p) <= 9; p++) *value = *value * 10 + digit_of(*p);
    return p;
}

static int64_t leading_zeros(const char *p, const char *end, char point)
{
    int64_t zeros = 0;
    for (; p < end && (*p == '0' || *p == point); p++) zeros += *p == '0';
    return zeros;
}

/* The most frequent forms, [-]digits[.digits][e[+-]digits] of at most 19 significant digits and no
 * extreme exponent; false: it is another one. */
__attribute__((always_inline)) static inline bool read_plain(const char *p, const char *end,
                                                             char point, double *out)
{
    bool negative = p < end && *p == '-';
    p += negative;
    uint64_t digits = 0;
    const char *first = p, *start = p; /* start moves up by the point, which is no digit */
    p = run_of_digits(p, end, &digits);
    int exponent = 0;
    if (p < end && *p == point) {
        start++;
        const char *fraction = p + 1;
        p = run_of_digits(fraction, end, &digits);
        exponent = (int)(fraction - p);
    }
    int64_t count = p - start;
    if (count < 1 || (count > WORD_DIGITS && count - leading_zeros(first, p, point) > WORD_DIGITS))
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        int power;
        p = read_exponent(p + 1, end, &power);
        if (!p || power > 999 || power < -999) return false;
        exponent += power;
    }
    if (p != end) return false;
    if (!by_words(digits, exponent, out)) return false;
    if (negative) *out = -*out;
    return true;
}

#if defined(__x86_64__)
/* Up to sixteen characters at once, [-]digits[.digits] without branches on what they are. The
 * vector ends where the field ends; what it holds in front of it is made zero, which is a digit
 * without weight, and so is the point's place, into which the digits before it move up. Then pairs,
 * fours and eights of digits are added up. */
__attribute__((target("avx2"), always_inline)) static inline bool
read_short(brn__slice field, brn__slice text, char point, uint64_t *digits, int *behind,
           bool *negative)
{
    const char *end = field.bytes + field.length;
    if (text.length < 16 || (size_t)(end - text.bytes) - 16 > text.length - 16) return false;
    *negative = field.length > 0 && *field.bytes == '-';
    const int length = (int)(field.length < 32 ? field.length : 32) - *negative;
    if (length < 1 || length > 16) return false;
    const __m128i places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(end - 16));
    __m128i inside = _mm_cmpgt_epi8(places, _mm_set1_epi8((char)(15 - length)));
    __m128i points = _mm_and_si128(inside, _mm_cmpeq_epi8(x, _mm_set1_epi8(point)));
    x = _mm_and_si128(inside, _mm_sub_epi8(x, _mm_set1_epi8('0')));
    const unsigned mask = (unsigned)_mm_movemask_epi8(points) | 1u << 31;
    const int place = __builtin_ctz(mask); /* 31: there is no point */
    const int moved = place == 31 ? -1 : place;
    __m128i up = _mm_cmpgt_epi8(_mm_set1_epi8((char)(moved + 1)), places);
    x = _mm_shuffle_epi8(x, _mm_add_epi8(places, up));
    if (!_mm_testz_si128(_mm_subs_epu8(x, _mm_set1_epi8(9)), _mm_set1_epi8(-1))) return false;
    if (length == 1 && place < 31) return false;
    x = _mm_maddubs_epi16(x, _mm_set1_epi16(10 | 1 << 8));
    x = _mm_madd_epi16(x, _mm_set1_epi32(100 | 1 << 16));
    x = _mm_packus_epi32(x, x);
    x = _mm_madd_epi16(x, _mm_set1_epi32(10000 | 1 << 16));
    const uint64_t two = (uint64_t)_mm_cvtsi128_si64(x);
    *digits = (two & 0xFFFFFFFF) * 100000000 + (two >> 32);
    *behind = place == 31 ? 0 : 15 - place;
    return true;
}

/* The same for 17 to 20 characters: up to four of them, then sixteen digits at once. */
__attribute__((target("avx2"), always_inline)) static inline bool
read_long(brn__slice field, brn__slice text, char point, uint64_t *digits, int *behind,
          bool *negative)
{
    brn__slice last = {field.bytes + field.length - 16, 16};
    bool none, seen = false;
    *negative = *field.bytes == '-';
    const char *p = field.bytes + *negative;
    if (last.bytes - p > 4 || last.bytes <= p) return false;
    if (!read_short(last, text, '\0', digits, behind, &none) || none) return false;
    uint64_t first = 0;
    for (; p < last.bytes; p++) {
        if (*p == point && !seen) {
            seen = true;
            continue;
        }
        if (digit_of(*p) > 9) return false;
        first = first * 10 + digit_of(*p);
        *behind += seen;
    }
    *behind += seen ? 16 : 0;
    if (first > 921) return false; /* 19 digits are the most */
    *digits += first * 10000000000000000;
    return true;
}

__attribute__((target("avx2"))) static int64_t read_reals_avx2(const brn__slice *fields,
                                                               int64_t stride, int64_t count,
                                                               brn__slice text, char point,
                                                               double *out)
{
    for (int64_t i = 0; i < count; i++) {
        brn__slice field = fields[i * stride];
        uint64_t digits, bits;
        int behind;
        bool negative;
        bool known = field.length <= 16
                         ? read_short(field, text, point, &digits, &behind, &negative)
                         : read_long(field, text, point, &digits, &behind, &negative);
        if (known && by_words(digits, -behind, &out[i])) {
            memcpy(&bits, &out[i], sizeof bits);
            bits |= (uint64_t)negative << 63;
            memcpy(&out[i], &bits, sizeof bits);
        } else if (!read_plain(field.bytes, field.bytes + field.length, point, &out[i]))
            return i;
    }
    return count;
}

/* Up to 31 characters, [-]digits[.digits] of at most 19 significant digits, as read_short does: the load is
 * masked, so that nothing in front of the field is touched, and numbers of any length take one way. */
__attribute__((target("avx512bw,avx512vl,avx512vbmi"), always_inline)) static inline bool
read_wide(brn__slice field, char point, uint64_t *digits, int *behind, bool *negative)
{
    enum { PLACES = 32, MOST = 31 };
    *negative = field.length > 0 && *field.bytes == '-';
    const size_t length = field.length - *negative;
    if (length - 1 > MOST - 1) return false; /* none, too */
    const char *from = field.bytes + field.length - PLACES;
    const __m256i places = _mm256_set_epi64x(0x1F1E1D1C1B1A1918, 0x1716151413121110,
                                             0x0F0E0D0C0B0A0908, 0x0706050403020100);
    const uint32_t inside = UINT32_MAX << (PLACES - length);
    __m256i x = _mm256_maskz_loadu_epi8(inside, (const void *)from);
    uint32_t places_of_point = _mm256_mask_cmpeq_epi8_mask(inside, x, _mm256_set1_epi8(point));
    const uint32_t first = places_of_point & -places_of_point;
    x = _mm256_maskz_sub_epi8(inside, x, _mm256_set1_epi8('0'));
    if (_mm256_cmpgt_epu8_mask(x, _mm256_set1_epi8(9)) != first || (length == 1 && first)) return false;
    const uint32_t up = first ? first ^ (first - 1) : 0; /* the point's place and those before it */
    x = _mm256_maskz_permutexvar_epi8(UINT32_MAX - 1,
                                      _mm256_mask_sub_epi8(places, up, places, _mm256_set1_epi8(1)), x);
    x = _mm256_maddubs_epi16(x, _mm256_set1_epi16(10 | 1 << 8));
    x = _mm256_madd_epi16(x, _mm256_set1_epi32(100 | 1 << 16));
    x = _mm256_packus_epi32(x, x);
    x = _mm256_madd_epi16(x, _mm256_set1_epi32(10000 | 1 << 16));
    const uint64_t upper = (uint64_t)_mm_cvtsi128_si64(_mm256_castsi256_si128(x));
    const uint64_t lower = (uint64_t)_mm_cvtsi128_si64(_mm256_extracti128_si256(x, 1));
    if ((uint32_t)upper || upper >> 32 > 921) return false; /* 19 digits are the most */
    *digits = (upper >> 32) * 10000000000000000 + (lower & 0xFFFFFFFF) * 100000000 + (lower >> 32);
    *behind = first ? MOST - __builtin_ctz(first) : 0;
    return true;
}

/* Long numbers go by the reciprocal at once: whether they fit 53 bits is a coin's toss, and a wrong guess
 * costs more than the product. */
__attribute__((target("avx512bw,avx512vl,avx512vbmi"))) static int64_t
read_reals_avx512(const brn__slice *fields, int64_t stride, int64_t count, char point, double *out)
{
    enum { LONG = 17 };
    for (int64_t i = 0; i < count; i++) {
        brn__slice field = fields[i * stride];
        uint64_t digits, bits;
        int behind;
        bool negative;
        double value;
        if (!read_wide(field, point, &digits, &behind, &negative) ||
            !((field.length >= LONG && behind > 0 && behind <= MOST_FIVES &&
               by_reciprocal(digits, behind, &value)) ||
              by_words(digits, -behind, &value))) {
            if (!read_plain(field.bytes, field.bytes + field.length, point, &out[i])) return i;
            continue;
        }
        memcpy(&bits, &value, sizeof bits);
        bits |= (uint64_t)negative << 63;
        memcpy(&out[i], &bits, sizeof bits);
    }
    return count;
}
#endif

int64_t brn__read_plain_reals(const brn__slice *fields, int64_t stride, int64_t count,
                              brn__slice text, char point, double *out)
{
#if defined(__x86_64__)
    if (brn__isa_best() == BRN__ISA_AVX512 && __builtin_cpu_supports("avx512vbmi"))
        return read_reals_avx512(fields, stride, count, point, out);
    if (brn__isa_best() >= BRN__ISA_AVX2)
        return read_reals_avx2(fields, stride, count, text, point, out);
#endif
    (void)text;
    for (int64_t i = 0; i < count; i++) {
        brn__slice field = fields[i * stride];
        if (!read_plain(field.bytes, field.bytes + field.length, point, &out[i])) return i;
    }
    return count;
}

/* [-]digits, fewer than WORD_DIGITS; -0 is left to the other reader, which notes it. */
static bool read_plain_integer(brn__slice field, int64_t *out)
{
    const char *p = field.bytes, *end = p + field.length;
    bool negative = p < end && *p == '-';
    p += negative;
    if (p == end || end - p >= WORD_DIGITS) return false;
    uint64_t value = 0;
    for (; p < end && digit_of(*p) <= 9; p++) value = value * 10 + digit_of(*p);
    if (p != end || (negative && value == 0)) return false;
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static int64_t read_integers_avx2(const brn__slice *fields,
                                                                  int64_t stride, int64_t count,
                                                                  brn__slice text, int64_t *out)
{
    for (int64_t i = 0; i < count; i++) {
        brn__slice field = fields[i * stride];
        uint64_t digits;
        int behind;
        bool negative; /* a zero byte, which no text has, for the point */
        if (read_short(field, text, '\0', &digits, &behind, &negative) && behind == 0 &&
            (digits || !negative))
            out[i] = negative ? -(int64_t)digits : (int64_t)digits;
        else if (!read_plain_integer(field, &out[i]))
            return i;
    }
    return count;
}
#endif

int64_t brn__read_plain_integers(const brn__slice *fields, int64_t stride, int64_t count,
                                 brn__slice text, int64_t *out)
{
#if defined(__x86_64__)
    if (brn__isa_best() >= BRN__ISA_AVX2) return read_integers_avx2(fields, stride, count, text, out);
#endif
    (void)text;
    for (int64_t i = 0; i < count; i++)
        if (!read_plain_integer(fields[i * stride], &out[i])) return i;
    return count;
}

/* Both words end in the letter e, so that one test without a branch tells them: which it is can't be foreseen. */
int64_t brn__read_plain_booleans(const brn__slice *fields, int64_t stride, int64_t count,
                                 int32_t *out)
{
    uint32_t truth, untruth;
    memcpy(&truth, "True", 4);
    memcpy(&untruth, "Fals", 4);
    for (int64_t i = 0; i < count; i++) {
        brn__slice field = fields[i * stride];
        uint32_t word;
        if (field.length - 4 > 1) return i;
        memcpy(&word, field.bytes, 4);
        const bool is_true = field.length == 4, ends = field.bytes[field.length - 1] == 'e';
        if (word != (untruth ^ ((truth ^ untruth) & -(uint32_t)is_true)) || !ends) return i;
        out[i] = is_true;
    }
    return count;
}

static bool equal_letters(const char *p, size_t length, const char *lower)
{
    if (length != strlen(lower)) return false;
    for (size_t i = 0; i < length; i++)
        if ((p[i] | 0x20) != lower[i]) return false;
    return true;
}

bool brn__read_real(brn__slice field, char point, double *out)
{
    if (read_plain(field.bytes, field.bytes + field.length, point, out)) return true;
    field = trim(field);
    const char *p = field.bytes, *end = p + field.length;
    decimal number = {.negative = p < end && *p == '-'};
    if (p < end && (*p == '-' || *p == '+')) p++;
    bool any = false;
    int exponent = 0;
    const char *start = p;
    p = read_digits(p, end, point, &number, &any);
    double value;
    if (!any) {
        size_t length = (size_t)(end - start);
        if (!equal_letters(start, length, "inf") && !equal_letters(start, length, "infinity"))
            return false;
        value = (double)INFINITY;
    } else {
        if (p < end && (*p == 'e' || *p == 'E')) {
            p = read_exponent(p + 1, end, &exponent);
            if (!p) return false;
        }
        if (p != end) return false;
        value = value_of(&number, number.exponent + exponent);
    }
    *out = number.negative ? -value : value;
    return true;
}

static bool is_one_of(brn__slice field, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == field.length && memcmp(words[i], field.bytes, field.length) == 0)
            return true;
    return false;
}

bool brn__read_boolean(brn__slice field, bool *out)
{
    static const char *const truths[] = {"true", "True", "TRUE"};
    static const char *const untruths[] = {"false", "False", "FALSE"};
    field = trim(field);
    *out = field.length == 4;
    if (field.length == 4) return is_one_of(field, truths, 3);
    return field.length == 5 && is_one_of(field, untruths, 3);
}

bool brn__is_missing(brn__slice field)
{
    static const char *const marks[] = {
        "NA",  "N/A",  "NaN",  "nan",  "NULL",   "null",    "None",    "n/a",      "<NA>",
        "#NA", "#N/A", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", "#N/A N/A",
    };
    if (field.length == 0) return true;
    if (field.length < 2 || field.length > 8) return false;
    switch (*field.bytes) { /* most fields are told by their first character */
    case '#':
    case '-':
    case '1':
    case '<':
    case 'N':
    case 'n': return is_one_of(field, marks, sizeof marks / sizeof *marks);
    default: return false;
    }
}

/* SPDX-License-Identifier: Apache-2.0
 * Dates and times of day. Days are counted in years that begin with March, so that the day that
 * comes and goes is the last of its year. */
#include "data/table/value.h"
#include "data/table/digits.h"

enum { DAYS_OF_400_YEARS = 146097, DAYS_TO_1970 = 719468 }; /* from 0000-03-01 */

static int64_t divide_down(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t brn__days_of_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = divide_down(year, 400), in_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = in_era * 365 + in_era / 4 - in_era / 100 + day_of_year;
    return era * DAYS_OF_400_YEARS + day_of_era - DAYS_TO_1970;
}

void brn__date_of_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += DAYS_TO_1970;
    int64_t era = divide_down(days, DAYS_OF_400_YEARS), in_era = days - era * DAYS_OF_400_YEARS;
    int64_t years =
        (in_era - in_era / 1460 + in_era / 36524 - in_era / (DAYS_OF_400_YEARS - 1)) / 365;
    int64_t day_of_year = in_era - (365 * years + years / 4 - years / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153; /* months since March */
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = years + era * 400 + (*month <= 2);
}

int64_t brn__days_in_month(int64_t year, int64_t month)
{
    int64_t next_year = month == 12 ? year + 1 : year, next = month == 12 ? 1 : month + 1;
    return brn__days_of_date(next_year, next, 1) - brn__days_of_date(year, month, 1);
}

typedef struct cursor {
    const char *p, *end;
} cursor;

/* `least` to `most` digits. */
static bool number(cursor *at, int least, int most, int64_t *out)
{
    int count = 0;
    for (*out = 0; at->p < at->end && count < most && *at->p >= '0' && *at->p <= '9'; count++)
        *out = *out * 10 + (*at->p++ - '0');
    return count >= least;
}

static bool character(cursor *at, char c)
{
    if (at->p == at->end || *at->p != c) return false;
    at->p++;
    return true;
}

static bool read_day(cursor *at, brn_date_order order, int64_t *days)
{
    static const signed char years_place[] = {
        [BRN_DATE_YMD] = 0, [BRN_DATE_DMY] = 2, [BRN_DATE_MDY] = 2};
    int64_t parts[3];
    char separator = 0;
    for (int i = 0; i < 3; i++) {
        bool is_year = i == years_place[order];
        if (!number(at, is_year ? 4 : 1, is_year ? 4 : 2, &parts[i])) return false;
        if (i == 2) break;
        if (i == 0) separator = at->p < at->end ? *at->p : '\0';
        bool fits =
            separator == '-' || separator == '/' || (separator == '.' && order != BRN_DATE_YMD);
        if (!fits || !character(at, separator)) return false;
    }
    int64_t year = parts[(int)years_place[order]];
    int64_t month = parts[order == BRN_DATE_MDY ? 0 : 1];
    int64_t day = order == BRN_DATE_YMD ? parts[2] : parts[order == BRN_DATE_MDY ? 1 : 0];
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > brn__days_in_month(year, month))
        return false;
    *days = brn__days_of_date(year, month, day);
    return true;
}

/* Up to nine digits behind the point; the microseconds count. */
static bool read_fraction(cursor *at, int64_t *microseconds)
{
    int64_t value = 0, unit = 1000000;
    int count = 0;
    for (; at->p < at->end && *at->p >= '0' && *at->p <= '9' && count < 9; count++, at->p++)
        if (unit > 1) value = value * 10 + (*at->p - '0'), unit /= 10;
    *microseconds = value * unit;
    return count > 0;
}

static bool read_zone(cursor *at, int64_t *minutes)
{
    int64_t hours, rest;
    *minutes = 0;
    if (character(at, 'Z')) return true;
    int sign = character(at, '+') ? 1 : character(at, '-') ? -1 : 0;
    if (sign == 0) return true;
    if (!number(at, 2, 2, &hours)) return false;
    character(at, ':');
    if (!number(at, 2, 2, &rest) || hours > 15 || rest > 59) return false;
    *minutes = sign * (hours * 60 + rest);
    return true;
}

static bool read_time(cursor *at, int64_t *microseconds)
{
    int64_t hour, minute, second = 0, fraction = 0, zone;
    if (!number(at, 1, 2, &hour) || !character(at, ':') || !number(at, 2, 2, &minute)) return false;
    if (character(at, ':')) {
        if (!number(at, 2, 2, &second)) return false;
        if (character(at, '.') && !read_fraction(at, &fraction)) return false;
    }
    if (hour > 23 || minute > 59 || second > 59 || !read_zone(at, &zone)) return false;
    *microseconds = ((hour * 60 + minute - zone) * 60 + second) * 1000000 + fraction;
    return true;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* The digits of YYYY-MM-DD as four numbers of two digits, 16 bits each, the first one lowest. */
static bool read_pairs(const char *p, uint64_t *pairs)
{
    const uint64_t zeros = 0x3030303030303030, above = 0x4646464646464646, tops = 0x8080808080808080;
    uint64_t first, last; /* YYYY-MM- and YY-MM-DD */
    memcpy(&first, p, 8);
    memcpy(&last, p + 2, 8);
    const uint64_t digits = (first & 0xFFFFFFFF) | (first >> 40 & 0xFFFF) << 32 | last >> 48 << 48;
    if ((first >> 32 & 0xFF) != '-' || first >> 56 != '-' || ((digits + above) | (digits - zeros)) & tops) return false;
    *pairs = ((digits & ~zeros) * 10 + (digits >> 8 & 0x0F0F0F0F0F0F0F0F)) & 0x00FF00FF00FF00FF;
    return true;
}
#else
static bool read_pairs(const char *p, uint64_t *pairs)
{
    static const int places[] = {0, 2, 5, 8};
    *pairs = 0;
    if (p[4] != '-' || p[7] != '-') return false;
    for (int i = 0; i < 4; i++) {
        const unsigned tens = (unsigned)p[places[i]] - '0', ones = (unsigned)p[places[i] + 1] - '0';
        if (tens > 9 || ones > 9) return false;
        *pairs |= (uint64_t)(tens * 10 + ones) << 16 * i;
    }
    return true;
}
#endif

/* Exactly YYYY-MM-DD, the most frequent form; 29 February is left to the others. Years begin with March here, so that
 * the leap day is the last one of a year. */
static bool read_plain_day(brn__slice field, int64_t *days)
{
    static const uint8_t most[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const uint16_t before[] = {0, 306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275};
    uint64_t pairs;
    if (field.length != 10 || !read_pairs(field.bytes, &pairs)) return false;
    const unsigned month = pairs >> 32 & 0xFF, day = (unsigned)(pairs >> 48);
    unsigned year = (unsigned)(pairs & 0xFF) * 100 + (unsigned)(pairs >> 16 & 0xFF);
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > most[month]) return false;
    year -= month <= 2;
    *days = (int64_t)(year * 365 + year / 4 - year / 100 + year / 400 + before[month] + day - 1) - DAYS_TO_1970;
    return true;
}

int64_t brn__read_plain_dates(const brn__slice *fields, int64_t stride, int64_t count, int64_t *out)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t days;
        if (!read_plain_day(fields[i * stride], &days)) return i;
        out[i] = days * 86400 * 1000000;
    }
    return count;
}

bool brn__read_date(brn__slice field, brn_date_order order, int64_t *out)
{
    int64_t plain;
    if (order == BRN_DATE_YMD && read_plain_day(field, &plain)) {
        *out = plain * 86400 * 1000000;
        return true;
    }
    cursor at = {field.bytes, field.bytes + field.length};
    while (at.p < at.end && *at.p == ' ') at.p++;
    while (at.p < at.end && at.end[-1] == ' ') at.end--;
    int64_t days, time = 0;
    if (!read_day(&at, order, &days)) return false;
    if (at.p < at.end) {
        if (!character(&at, ' ') && !character(&at, 'T')) return false;
        if (!read_time(&at, &time)) return false;
    }
    *out = days * 86400 * 1000000 + time;
    return at.p == at.end;
}

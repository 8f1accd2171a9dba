/* SPDX-License-Identifier: Apache-2.0
 * Plots and pages: well-formed whatever they are given. */
#include "base/alloc.h"
#include "base/files.h"
#include "report/image_report.h"
#include "report/svg.h"
#include "report/thumbnail.h"
#include "base/base64.h"
#include "test.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ a checker of XML */

enum { DEPTH_MAX = 64, NAME_BYTES = 32 };

/* The end of a name. */
static const char *name_end(const char *p)
{
    while (isalnum((unsigned char)*p) || *p == '-' || *p == ':') p++;
    return p;
}

/* `&name;` or `&#39;` at p; its end, NULL when it is none. */
static const char *entity_end(const char *p)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(p, known[i], strlen(known[i])) == 0) return p + strlen(known[i]);
    return NULL;
}

/* Attributes up to > or />; NULL when they are not well-formed. */
static const char *attributes_end(const char *p)
{
    for (;;) {
        while (*p == ' ' || *p == '\n') p++;
        if (*p == '>' || (p[0] == '/' && p[1] == '>')) return p;
        const char *end = name_end(p);
        if (end == p || end[0] != '=' || end[1] != '"') return NULL;
        for (p = end + 2; *p != '"';) {
            if (*p == '<' || (unsigned char)*p < ' ') return NULL;
            p = *p == '&' ? entity_end(p) : p + 1;
            if (!p) return NULL;
        }
        p++;
    }
}

/* NULL when the text is well-formed, else where it is not. Elements are balanced, attributes quoted, no
 * entity but the five is used, no control character is in it. */
static const char *fault_of(const char *p)
{
    char stack[DEPTH_MAX][NAME_BYTES];
    int depth = 0;
    if (strncmp(p, "<!DOCTYPE html>", 15) == 0) p += 15;
    while (*p) {
        const char *at = p;
        if (*p == '&') {
            if (!(p = entity_end(p))) return at;
        } else if (*p != '<') {
            if (((unsigned char)*p < ' ' && *p != '\n') || *p == '>') {
                if (depth == 0 || strcmp(stack[depth - 1], "style") != 0) return at;
            }
            p++;
        } else if (p[1] == '/') {
            const char *end = name_end(p + 2);
            size_t length = (size_t)(end - p - 2);
            if (depth == 0 || strlen(stack[depth - 1]) != length || *end != '>' ||
                strncmp(stack[depth - 1], p + 2, length) != 0)
                return at;
            depth--;
            p = end + 1;
        } else {
            const char *end = name_end(p + 1);
            size_t length = (size_t)(end - p - 1);
            if (length == 0 || length >= NAME_BYTES || depth == DEPTH_MAX) return at;
            memcpy(stack[depth], p + 1, length);
            stack[depth][length] = '\0';
            if (!(p = attributes_end(end))) return at;
            if (*p == '>') depth++;
            p += *p == '>' ? 1 : 2;
        }
    }
    return depth ? "an element is not closed" : NULL;
}

static void check_well_formed(const char *text)
{
    const char *fault = fault_of(text);
    if (fault) print_error("not well-formed at: %.100s\n", fault);
    assert_null(fault);
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    while ((text = strstr(text, part))) count++, text++;
    return count;
}

TEST(the_checker_finds_what_is_not_well_formed)
{
    assert_null(fault_of("<a b=\"c\"><d/>x &amp; y</a>"));
    assert_non_null(fault_of("<a><b></a></b>"));
    assert_non_null(fault_of("<a b=c></a>"));
    assert_non_null(fault_of("<a>x & y</a>"));
    assert_non_null(fault_of("<a b=\"<\"></a>"));
    assert_non_null(fault_of("<a>"));
    assert_non_null(fault_of("<a>\x01</a>"));
}

/* ------------------------------------------------------------------ escaping */

static void check_escaped(const char *bytes, const char *expected)
{
    brn__text text = {0};
    brn__text_add(&text, "");
    brn__html_escape(&text, bytes);
    assert_ok(brn__text_finish(&text));
    assert_string_equal(text.bytes, expected);
    brn__text_free(&text);
}

TEST(names_of_others_are_escaped)
{
    check_escaped("plain name.jpg", "plain name.jpg");
    check_escaped("</style><script>alert('1')</script>",
                  "&lt;/style&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
    check_escaped("\" onload=\"x&y", "&quot; onload=&quot;x&amp;y");
    check_escaped("gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\xbb", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\xbb");
    check_escaped("latin \xfc\xff", "latin \\xfc\\xff");
    check_escaped("tab\tline\n\x1b[31m\x7f", "tab\\x09line\\x0a\\x1b[31m\\x7f");
    check_escaped("exe.\xe2\x80\xaegpj", "exe.\\xe2\\x80\\xaegpj"); /* turns the direction */
    check_escaped("\xc2\x85\xef\xbf\xbf\xed\xa0\x80", "\\xc2\\x85\\xef\\xbf\\xbf\\xed\\xa0\\x80");
    check_escaped("\xc0\xbc \xe2\x82", "\\xc0\\xbc \\xe2\\x82");
}

/* ------------------------------------------------------------------ plots */

static void check_lines(const double *x, const double *y, int64_t count, bool log_y, const char *expected)
{
    brn__text text = {0};
    brn__svg_plot plot = {.title = "a <b> & \"c\"", .x_label = "epoch", .log_y = log_y, .series_count = 2};
    plot.series[0] = (brn__svg_series){"one <1>", x, y, count, true};
    plot.series[1] = (brn__svg_series){"two", x, y, count, false};
    brn__svg_lines(&text, &plot);
    assert_ok(brn__text_finish(&text));
    check_well_formed(text.bytes);
    assert_null(strstr(text.bytes, "nan"));
    assert_null(strstr(text.bytes, "inf"));
    assert_non_null(strstr(text.bytes, expected));
    brn__text_free(&text);
}

TEST(line_plots_are_well_formed_for_any_numbers)
{
    const double x[] = {1, 2, 3, 4}, y[] = {3, 1, .5, .25}, holes[] = {1, NAN, INFINITY, 2};
    const double none[] = {NAN, NAN, NAN, NAN}, same[] = {2, 2, 2, 2}, zero[] = {0, 0, 0, 0};
    const double wide[] = {1e-90, 1e90, 1e300, -1}, negative[] = {-1, -2, -3, -4};
    check_lines(x, y, 4, false, "class=\"line s0\"");
    check_lines(x, y, 4, true, "class=\"line s1\"");
    check_lines(x, holes, 4, false, "class=\"dot s0\"");
    check_lines(x, none, 4, false, "no numbers yet");
    check_lines(x, negative, 4, true, "no numbers yet");
    check_lines(x, y, 0, false, "no numbers yet");
    check_lines(x, y, 1, false, "class=\"dot s0\"");
    check_lines(x, same, 4, false, "class=\"line s0\"");
    check_lines(x, same, 4, true, "class=\"line s0\"");
    check_lines(x, zero, 4, false, "class=\"line s0\"");
    check_lines(x, wide, 4, false, "class=\"line s0\"");
    check_lines(x, wide, 4, true, "class=\"line s0\"");
    check_lines(same, y, 4, false, "class=\"line s0\"");
}

TEST(a_number_that_is_none_breaks_the_line)
{
    const double x[] = {1, 2, 3, 4, 5}, y[] = {1, 2, NAN, 3, 4};
    brn__svg_plot plot = {.title = "t", .series_count = 1};
    plot.series[0] = (brn__svg_series){"one", x, y, 5, false};
    brn__text text = {0};
    brn__svg_lines(&text, &plot);
    const char *line = strstr(text.bytes, "class=\"line s0\"");
    assert_non_null(line);
    const char *end = strstr(line, "/>");
    int starts = 0;
    for (const char *p = line; p < end; p++) starts += *p == 'M';
    assert_int_equal(starts, 2);
    brn__text_free(&text);
}

TEST(a_long_series_is_thinned_out_and_keeps_its_end)
{
    enum { COUNT = 100000 };
    double *x = brn__alloc_array(COUNT, sizeof *x), *y = brn__alloc_array(COUNT, sizeof *y);
    for (int i = 0; i < COUNT; i++) x[i] = i, y[i] = i == COUNT - 1 ? 0 : 1;
    brn__svg_plot plot = {.title = "t", .from_zero = true, .series_count = 1};
    plot.series[0] = (brn__svg_series){"one", x, y, COUNT, true};
    brn__text text = {0};
    brn__svg_lines(&text, &plot);
    check_well_formed(text.bytes);
    assert_true(text.length < 12000);
    assert_non_null(strstr(text.bytes, "L390.0 188.0\"")); /* right end, at 0 */
    brn__text_free(&text);
    brn__free(x);
    brn__free(y);
}

TEST(ticks_of_small_and_close_numbers_are_short)
{
    const double x[] = {1, 2, 3}, y[] = {6e-4, 6.01e-4, 6.02e-4};
    brn__svg_plot plot = {.title = "t", .series_count = 1, .series = {{.name = "a", .x = x, .y = y, .count = 3}}};
    brn__text text = {0};
    brn__svg_lines(&text, &plot);
    check_well_formed(text.bytes);
    assert_non_null(strstr(text.bytes, "e-4<"));
    int labels = 0;
    for (const char *at = text.bytes; (at = strstr(at, "text-anchor=\"end\">")); labels++) {
        at += strlen("text-anchor=\"end\">");
        assert_true(strcspn(at, "<") <= 7);
    }
    assert_true(labels >= 3);
    brn__text_free(&text);
}

TEST(names_are_cut_between_characters)
{
    brn__text text = {0};
    brn__svg_name(&text, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 3);
    assert_string_equal(text.bytes, "\xc3\xa4\xc3\xb6\xe2\x80\xa6");
    brn__text_free(&text);
    brn__svg_name(&text, "abc", 3);
    assert_string_equal(text.bytes, "abc");
    brn__text_free(&text);
}

TEST(heat_maps_of_one_to_a_thousand_classes_are_well_formed_and_bounded)
{
    static const int sizes[] = {1, 2, 20, 21, 200, 1000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int64_t count = sizes[s];
        int64_t *cells = brn__alloc_zero((size_t)(count * count), sizeof *cells);
        const char **names = brn__alloc_array((size_t)count, sizeof *names);
        for (int64_t k = 0; k < count; k++) names[k] = "<b>&\"'\xff a class with a very long name";
        for (int64_t i = 0; i < count * count; i++) cells[i] = i * 7919 % 11; /* dense: the worst */
        const brn__svg_heat heat = {"Confusion", cells, names, count};
        brn__text text = {0};
        brn__svg_heat_draw(&text, &heat);
        assert_ok(brn__text_finish(&text));
        check_well_formed(text.bytes);
        assert_true(text.length < 1200000);
        if (count <= BRN__SVG_NAMED_MAX)
            assert_int_equal(count_of(text.bytes, "<rect"), (int)(count * count));
        else
            assert_true(count_of(text.bytes, "<path") <= 16);
        brn__text_free(&text);
        brn__free(cells);
        brn__free(names);
    }
}

TEST(bars_are_well_formed_for_any_numbers)
{
    const char *names[] = {"<a>", "b", "c", "d"};
    const double values[] = {.5, NAN, 0, 3};
    brn__svg_bars bars = {.title = "t", .names = names, .values = values, .count = 4, .percent = true};
    brn__text text = {0};
    brn__svg_bars_draw(&text, &bars);
    bars.count = 0;
    brn__svg_bars_draw(&text, &bars);
    check_well_formed(text.bytes);
    assert_null(strstr(text.bytes, "nan"));
    brn__text_free(&text);
}

/* ------------------------------------------------------------------ pictures */

TEST(base64_has_its_padding)
{
    static const char *const pairs[][2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        brn__text text = {0};
        brn__text_add(&text, "");
        brn__base64_add(&text, pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(text.bytes, pairs[i][1]);
        brn__text_free(&text);
    }
}

TEST(a_picture_survives_its_encoding)
{
    brn__picture picture, back;
    assert_ok(brn__picture_new(150, 40, "test", &picture));
    for (int i = 0; i < 150 * 40; i++) {
        picture.pixels[3 * i] = (uint8_t)(i % 150);
        picture.pixels[3 * i + 1] = (uint8_t)(200 - i % 150);
        picture.pixels[3 * i + 2] = 90;
    }
    brn__text jpeg = {0};
    assert_ok(brn__jpeg_encode(&picture, 90, &jpeg));
    assert_ok(brn__picture_decode(jpeg.bytes, jpeg.length, "encoded", 0, &back));
    assert_int_equal(back.width, 150);
    assert_int_equal(back.height, 40);
    for (int i = 0; i < 150 * 40 * 3; i++) assert_true(abs(back.pixels[i] - picture.pixels[i]) < 12);
    brn__text_free(&jpeg);
    brn__picture_free(&back);
    brn__picture_free(&picture);
}

/* ------------------------------------------------------------------ pages */

static void check_page(const brn__image_report *report, const char *expected)
{
    brn__text text = {0};
    assert_ok(brn__image_report_make(report, &text));
    check_well_formed(text.bytes);
    assert_null(strstr(text.bytes, "<script"));
    assert_null(strstr(text.bytes, "javascript:"));
    assert_null(strstr(text.bytes, "url("));
    assert_null(strstr(text.bytes, "@import"));
    assert_null(strstr(text.bytes, "href="));
    /* The only addresses are the names of the two vocabularies. */
    assert_int_equal(count_of(text.bytes, "http:"), count_of(text.bytes, "xmlns=\"http://www.w3.org/"));
    assert_int_equal(count_of(text.bytes, "https:"), 0);
    assert_int_equal(count_of(text.bytes, "src=\""), count_of(text.bytes, "src=\"data:image/jpeg;base64,"));
    assert_non_null(strstr(text.bytes, expected));
    brn__text_free(&text);
}

static const char HISTORY[] = "stage,epoch,train_loss,valid_loss,accuracy,learning_rate,seconds\n"
                              "head,1,1.5,1.25,0.5,0.01,2\n"
                              "all <layers>,2,nan,,0.75,0.02,2.5\n"
                              "all layers,3,inf,-nan,nope,0.01,2.5\n"
                              "all layers,4,1";

static brn__run_table read_table(const char *text)
{
    brn__run_table table;
    char path[256];
    snprintf(path, sizeof path, "%s/history.csv", test_scratch_folder());
    assert_ok(brn__replace_file(path, text, strlen(text)));
    assert_ok(brn__run_table_read(path, &table));
    return table;
}

TEST(a_history_with_holes_is_read)
{
    brn__run_table table = read_table(HISTORY);
    assert_int_equal(table.rows, 3); /* the fourth has no end */
    assert_close(brn__run_table_column(&table, "valid_loss")[0], 1.25, 0);
    assert_true(isnan(brn__run_table_column(&table, "valid_loss")[1]));
    assert_true(isnan(brn__run_table_column(&table, "accuracy")[2]));
    assert_null(brn__run_table_column(&table, "stage"));
    assert_string_equal(table.words[1], "all <layers>");
    brn__run_table_free(&table);
    table = read_table("");
    assert_int_equal(table.rows, 0);
    brn__run_table_free(&table);
    table = read_table("stage,epoch\n");
    assert_int_equal(table.rows, 0);
    brn__run_table_free(&table);
    assert_ok(brn__run_table_read("/no/such/file", &table));
    assert_int_equal(table.rows, 0);
}

TEST(a_page_of_nothing_is_a_page)
{
    brn__run_table empty = {0};
    brn__image_report report = {.title = "nothing", .footer = "end"};
    check_page(&report, "No epoch has been finished");
    report.history = &empty;
    report.curve = &empty;
    check_page(&report, "No epoch has been finished");
}

TEST(a_remark_stands_before_the_figures)
{
    const brn__html_pair figure = {"accuracy", "50 %"};
    brn__image_report report = {.title = "t", .footer = "end", .remark = "Interrupted <after> 2 epochs.",
                                .figures = {&figure, 1}};
    brn__text text = {0};
    assert_ok(brn__image_report_make(&report, &text));
    check_well_formed(text.bytes);
    const char *remark = strstr(text.bytes, "Interrupted &lt;after&gt; 2 epochs.");
    assert_non_null(remark);
    assert_true(remark < strstr(text.bytes, "50 %"));
    brn__text_free(&text);
}

TEST(a_single_metric_is_named_in_its_title)
{
    brn__run_table one = read_table("stage,epoch,valid_loss,accuracy\nhead,1,0.5,0.75\n");
    brn__image_report report = {.title = "t", .footer = "end", .history = &one};
    check_page(&report, "Accuracy on the validation pictures");
    check_page(&report, "1 epoch as numbers");
    brn__run_table_free(&one);
    brn__run_table two = read_table("stage,epoch,valid_loss,accuracy,top5\nhead,1,0.5,0.75,1\n");
    report.history = &two;
    check_page(&report, "Metrics on the validation pictures");
    brn__run_table_free(&two);
}

TEST(a_page_with_losses_that_are_no_numbers_is_well_formed)
{
    brn__run_table table = read_table(HISTORY);
    brn__image_report report = {.title = "t", .footer = "end", .history = &table, .curve = &table};
    check_page(&report, "3 epochs as numbers");
    brn__run_table_free(&table);
}

/* A page about `count` classes of hostile names; every answer is given by (row * 3 + column) % 5. */
static void check_classes(int64_t count)
{
    static const char EVIL[] = "</bdi><img src=x onerror=\"alert(1)\">&\xe2\x80\xae\xff";
    int64_t *cells = brn__alloc_array((size_t)(count * count), sizeof *cells);
    int64_t *counts = brn__alloc_zero((size_t)count, sizeof *counts);
    const char **names = brn__alloc_array((size_t)count, sizeof *names);
    for (int64_t i = 0; i < count * count; i++) cells[i] = (i / count * 3 + i % count) % 5;
    for (int64_t k = 0; k < count; k++) names[k] = EVIL;
    const brn__report_confused confused[] = {{EVIL, EVIL, 3}};
    const brn__report_picture picture = {"/no/such/file", EVIL, EVIL, "other", .9, .01, INFINITY};
    const brn__html_pair bad[] = {{EVIL, EVIL}};
    const brn__image_report report = {.title = EVIL,
                                      .subtitle = EVIL,
                                      .remark = EVIL,
                                      .footer = EVIL,
                                      .figures = {bad, 1},
                                      .classes = names,
                                      .class_count = count,
                                      .train_counts = counts,
                                      .valid_counts = counts,
                                      .confusion = cells,
                                      .confused = confused,
                                      .confused_count = 1,
                                      .top_losses = {&picture, 1},
                                      .suspects = {&picture, 1},
                                      .samples = {&picture, 1},
                                      .bad = {bad, 1},
                                      .bad_count = 1000,
                                      .configuration = {bad, 1},
                                      .provenance = {bad, 1}};
    check_page(&report, "and 999 more");
    check_page(&report, "could not be read");
    brn__free(cells);
    brn__free(counts);
    brn__free(names);
}

TEST(a_page_of_hostile_names_is_well_formed)
{
    check_classes(1);
    check_classes(2);
    check_classes(17);
    check_classes(200);
}

TEST(a_page_is_written_whole_or_not_at_all)
{
    char path[256];
    snprintf(path, sizeof path, "%s/report.html", test_scratch_folder());
    const brn__image_report report = {.title = "t", .footer = "end"};
    brn_status status = BRN_ERROR_NO_MEMORY;
    for (uint64_t n = 1; n < 200 && status != BRN_OK; n++) {
        brn__alloc_fail_after(n, 1);
        status = brn__image_report_write(path, &report);
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_int_equal(status, BRN_ERROR_NO_MEMORY);
        if (!brn__is_file(path)) continue;
        char *bytes; /* once it is there it is whole, whatever failed after its renaming */
        assert_ok(brn__read_file(path, 1 << 20, &bytes, NULL));
        check_well_formed(bytes);
        brn__free(bytes);
    }
    assert_int_equal(status, BRN_OK);
}

/*
 * The patterns of what a tree leaves out: those of a .gitignore without negation (see envguard/data/ignore.py, which checks
 * them before they come here). Two searches of one kind, one inside the other: parts of a path with "**" between them, and bytes
 * of a part with "*" between them. In both, what stood between two stars is never tried again once it fitted, for the first fit
 * leaves the most for the rest: so time is bounded by the product of the lengths.
 */
#include "tree_internal.h"

#include <stdlib.h>
#include <string.h>

struct part {
    const char *at;
    size_t length;
};

struct pattern {
    char *text;
    struct part *parts;
    size_t count;
    bool whole;   /* for the path from the root, not for the name alone */
    bool folders; /* for folders alone */
};

struct eg_ignore {
    struct pattern *patterns;
    size_t count;
};

static bool is_star_star(const struct part *part)
{
    size_t i = 0;
    while (i < part->length && part->at[i] == '*') {
        i++;
    }
    return part->length > 1 && i == part->length;
}

/* One byte that may follow a backslash; *at is moved behind it. */
static uint8_t member(const char **at, const char *end)
{
    if (**at == '\\' && *at + 1 < end) {
        ++*at;
    }
    return (uint8_t)*(*at)++;
}

/* Whether a byte is in the set that begins at *at, after its bracket; *at is moved behind the closing one. */
static bool in_set(const char **at, const char *end, uint8_t byte)
{
    bool negated = *at < end && (**at == '!' || **at == '^'), first = true, found = false;

    *at += negated;
    while (*at < end && (first || **at != ']')) {
        uint8_t low = member(at, end), high = low;
        if (*at + 1 < end && **at == '-' && (*at)[1] != ']') {
            ++*at;
            high = member(at, end);
        }
        found = found || (low <= byte && byte <= high);
        first = false;
    }
    *at += *at < end;
    return found != negated && byte != '/';
}

/* Whether one element of a pattern, not a star, stands for byte; *at is moved behind the element. */
static bool fits(const char **at, const char *end, uint8_t byte)
{
    char symbol = *(*at)++;
    if (symbol == '?') {
        return true;
    }
    if (symbol == '[') {
        return in_set(at, end, byte);
    }
    if (symbol == '\\' && *at < end) {
        symbol = *(*at)++;
    }
    return (uint8_t)symbol == byte;
}

static bool part_matches(const struct part *part, const char *text, size_t length)
{
    const char *at = part->at, *end = part->at + part->length, *text_end = text + length;
    const char *star = NULL, *resume = NULL;

    while (text < text_end || at < end) {
        if (at < end && *at == '*') {
            star = ++at;
            resume = text;
            continue;
        }
        if (at < end && text < text_end && fits(&at, end, (uint8_t)*text)) {
            text++;
            continue;
        }
        if (star == NULL || resume == text_end) {
            return false;
        }
        at = star;
        text = ++resume;
    }
    return true;
}

/* The end of the part of a path that begins at text. */
static const char *part_end(const char *text, const char *end)
{
    const char *slash = memchr(text, '/', (size_t)(end - text));
    return slash == NULL ? end : slash;
}

static bool path_matches(const struct pattern *pattern, const char *text, size_t length)
{
    const char *end = text + length, *resume = NULL;
    size_t at = 0, star = 0;
    bool starred = false;

    /* text stands at the beginning of a part, or behind the end of the path, one further than a slash would be. */
    while (text <= end || at < pattern->count) {
        if (at < pattern->count && is_star_star(&pattern->parts[at])) {
            if (++at == pattern->count) {
                return text <= end; /* all that is inside, and at least something */
            }
            starred = true;
            star = at;
            resume = text;
            continue;
        }
        if (at < pattern->count && text <= end) {
            const char *stop = part_end(text, end);
            if (part_matches(&pattern->parts[at], text, (size_t)(stop - text))) {
                text = stop + 1;
                at++;
                continue;
            }
        }
        if (!starred || resume > end) {
            return false;
        }
        at = star;
        resume = part_end(resume, end) + 1;
        text = resume;
    }
    return true;
}

bool eg_ignored(const struct eg_ignore *ignore, const char *path, size_t path_len, size_t name_at, bool is_dir)
{
    for (size_t i = 0; i < ignore->count; i++) {
        const struct pattern *pattern = &ignore->patterns[i];
        if (pattern->folders && !is_dir) {
            continue;
        }
        if (pattern->whole ? path_matches(pattern, path, path_len)
                           : part_matches(&pattern->parts[0], path + name_at, path_len - name_at)) {
            return true;
        }
    }
    return false;
}

static bool read_pattern(struct pattern *pattern, const char *source)
{
    size_t length = strlen(source);
    const char *at, *end;

    pattern->text = malloc(length + 1);
    pattern->parts = malloc((length + 1) * sizeof *pattern->parts);
    if (pattern->text == NULL || pattern->parts == NULL) {
        return false;
    }
    memcpy(pattern->text, source, length + 1);
    at = pattern->text;
    end = at + length;
    if (length > 0 && *at == '/') {
        pattern->whole = true;
        at++;
    }
    if (at < end && end[-1] == '/') {
        pattern->folders = true;
        end--;
    }
    while (at <= end) {
        const char *stop = part_end(at, end);
        pattern->parts[pattern->count++] = (struct part){at, (size_t)(stop - at)};
        at = stop + 1;
    }
    pattern->whole = pattern->whole || pattern->count > 1;
    return true;
}

struct eg_ignore *eg_ignore_new(const char *const *patterns, size_t count)
{
    struct eg_ignore *ignore = calloc(1, sizeof *ignore);
    if (ignore == NULL || (ignore->patterns = calloc(count, sizeof *ignore->patterns)) == NULL) {
        free(ignore);
        return NULL;
    }
    ignore->count = count;
    for (size_t i = 0; i < count; i++) {
        if (!read_pattern(&ignore->patterns[i], patterns[i])) {
            eg_ignore_free(ignore);
            return NULL;
        }
    }
    return ignore;
}

void eg_ignore_free(struct eg_ignore *ignore)
{
    if (ignore != NULL) {
        for (size_t i = 0; i < ignore->count; i++) {
            free(ignore->patterns[i].text);
            free(ignore->patterns[i].parts);
        }
        free(ignore->patterns);
        free(ignore);
    }
}

/* The walk of `trees.py` in C: the same nodes, the same order of additions, thus the same sums to the last bit.
 *
 * Nothing is allocated and nothing is checked here: `trees.check` has seen every reference. No libc, no libm. */

#include <stddef.h>
#include <stdint.h>

enum { LEAF_BIT = 31, MISSING_LEFT = 1, ZERO_MISSING = 2, CATEGORICAL = 4, WORD_BITS = 32, ABREAST = 8 };
#define LEAF (1u << LEAF_BIT)
#define DEEPEST 256 /* more than `pack_trees.DEEPEST`, the nodes on one way */
#define ZERO 1.0000000180025095e-35

typedef struct {
    const uint32_t *root;
    const uint16_t *feature;
    const uint8_t *flags;
    const uint32_t *child;
    const double *threshold, *left_share, *leaf;
    const uint32_t *category_end, *category_bits;
    const double *quadrature;
    uint32_t trees, width, points;
} trees;

/* A feature on the way to a leaf: the share of the training rows that it lets pass, and whether it lets this one. */
typedef struct {
    uint32_t feature;
    double share, passes;
} step;

static int in_set(const trees *t, double value, uint32_t number) {
    uint32_t first = number ? t->category_end[number - 1] : 0;
    if (!(value > -1.0 && value < (double)(t->category_end[number] - first) * WORD_BITS)) return 0;
    uint32_t category = (uint32_t)(int32_t)value;
    return t->category_bits[first + category / WORD_BITS] >> category % WORD_BITS & 1;
}

static int goes_left(const trees *t, uint32_t node, double value) {
    uint8_t flags = t->flags[node];
    if (flags & CATEGORICAL) return in_set(t, value, (uint32_t)t->threshold[node]);
    if (value != value || (flags & ZERO_MISSING && value >= -ZERO && value <= ZERO)) return flags & MISSING_LEFT; /* 1 */
    return value <= t->threshold[node];
}

static uint32_t below(const trees *t, uint32_t node, const double *row) {
    double value = row[t->feature[node]];
    uint8_t flags = t->flags[node];
    int left = flags & (ZERO_MISSING | CATEGORICAL)
                   ? goes_left(t, node, value)
                   : (value <= t->threshold[node]) | ((value != value) & flags);
    return t->child[2 * node + left];
}

/* Walk eight ways at once, each from its reference, for its row, to its leaf: a processor overlaps what does not depend
 * on each other, which makes this twice as fast as one way after the other. */
static void walk(const trees *t, uint32_t at[ABREAST], const double *const rows[ABREAST]) {
    for (uint32_t all = 0; !(all & LEAF);) {
        all = LEAF;
        for (int way = 0; way < ABREAST; way++) {
            if (at[way] < LEAF) at[way] = below(t, at[way], rows[way]);
            all &= at[way];
        }
    }
}

static double reached(const trees *t, uint32_t at, const double *row) {
    while (at < LEAF) at = below(t, at, row);
    return t->leaf[at - LEAF];
}

double trees_total(const trees *t, const double *row) {
    const double *const rows[ABREAST] = {row, row, row, row, row, row, row, row};
    double total = 0.0;
    uint32_t tree = 0;
    for (; tree + ABREAST <= t->trees; tree += ABREAST) {
        uint32_t at[ABREAST];
        for (int way = 0; way < ABREAST; way++) at[way] = t->root[tree + way];
        walk(t, at, rows);
        for (int way = 0; way < ABREAST; way++) total += t->leaf[at[way] - LEAF];
    }
    for (; tree < t->trees; tree++) total += reached(t, t->root[tree], row);
    return total;
}

/* Eight rows meet a tree together, while its nodes are in the cache. `totals` begins as zeros. */
void trees_totals(const trees *t, const double *rows, size_t count, double *totals) {
    size_t first = 0;
    for (; first + ABREAST <= count; first += ABREAST) {
        const double *block[ABREAST];
        for (int way = 0; way < ABREAST; way++) block[way] = rows + (first + way) * t->width;
        for (uint32_t tree = 0; tree < t->trees; tree++) {
            uint32_t at[ABREAST];
            for (int way = 0; way < ABREAST; way++) at[way] = t->root[tree];
            walk(t, at, block);
            for (int way = 0; way < ABREAST; way++) totals[first + way] += t->leaf[at[way] - LEAF];
        }
    }
    for (; first < count; first++) totals[first] = trees_total(t, rows + first * t->width);
}

static double factor(const step *each, double place) {
    return each->share * (1.0 - place) + each->passes * place;
}

static void share_out(const trees *t, const step *steps, uint32_t count, double value, double *given) {
    for (uint32_t point = 0; point < t->points; point++) {
        double place = t->quadrature[point], product = value * t->quadrature[t->points + point];
        for (uint32_t at = 0; at < count; at++) product *= factor(steps + at, place);
        for (uint32_t at = 0; at < count; at++)
            given[steps[at].feature] += (steps[at].passes - steps[at].share) * product / factor(steps + at, place);
    }
}

/* Go to every leaf below a reference; `steps` holds a feature once, however often it was asked on the way. */
static void descend(const trees *t, const double *row, uint32_t at, step *steps, uint32_t count, double *given) {
    if (at >= LEAF) {
        share_out(t, steps, count, t->leaf[at - LEAF], given);
        return;
    }
    uint32_t feature = t->feature[at], place = 0;
    int left = goes_left(t, at, row[feature]);
    while (place < count && steps[place].feature != feature) place++;
    step before = place < count ? steps[place] : (step){feature, 1.0, 1.0};
    for (int side = 0; side < 2; side++) { /* right, left */
        double share = side ? t->left_share[at] : 1.0 - t->left_share[at];
        step next = {feature, before.share * share, side == left ? before.passes : 0.0};
        if (next.share == 0.0 && next.passes == 0.0) continue;
        steps[place] = next;
        descend(t, row, t->child[2 * at + side], steps, place < count ? count : count + 1, given);
    }
    if (place < count) steps[place] = before;
}

/* Path-dependent TreeSHAP, as `Trees.contributions` tells it. `given` begins as zeros. */
void trees_contributions(const trees *t, const double *row, double *given) {
    step steps[DEEPEST];
    for (uint32_t tree = 0; tree < t->trees; tree++) descend(t, row, t->root[tree], steps, 0, given);
}

/* bandits.c with the vectors written out: LANES replications at once, V of them in a register, state replication-innermost.
 * The same words and formulas, so that each replication earns what it earns there, but for the last bits of fused
 * multiply-adds and of exp.
 *
 *   gcc -O3 -march=native -fno-math-errno -fno-trapping-math -DLANES=32 -shared -fPIC -o lanes.so lanes.c -lm
 *
 * Each lane's own element of a table is read and written one by one: on the machine at hand the processor's gather and
 * scatter, and sweeps over all arms with a mask, were slower at every number of lanes. */
#include <immintrin.h>
#include <math.h>
#include <stdint.h>

#ifndef LANES
#define LANES 32
#endif
#ifdef __AVX512F__
#define V 8
#else
#define V 4
#endif
#define G (LANES / V)
#define KMAX 64
#define DMAX 4
typedef uint64_t u64;
typedef double vd __attribute__((vector_size(8 * V)));
typedef int64_t vi __attribute__((vector_size(8 * V)));
typedef uint64_t vu __attribute__((vector_size(8 * V)));
typedef struct { vu x0, x1; } key;

#define EACH(g) _Pragma("GCC unroll 16") for (long g = 0; g < G; g++)
static inline vd all(double x) { return x - (vd){}; }
static inline vi same(int64_t x) { return x - (vi){}; }
#ifdef __AVX512F__
typedef __mmask8 mask;
static inline mask above(vd a, vd b) { return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_GT_OQ); }
static inline mask equal(vi a, vi b) { return _mm512_cmpeq_epi64_mask((__m512i)a, (__m512i)b); }
static inline vd where(mask m, vd a, vd b) { return (vd)_mm512_mask_blend_pd(m, (__m512d)b, (__m512d)a); }
static inline vi index_where(mask m, vi a, vi b) { return (vi)_mm512_mask_blend_epi64(m, (__m512i)b, (__m512i)a); }
static inline vd most(vd a, vd b) { return (vd)_mm512_max_pd((__m512d)a, (__m512d)b); }
static inline vd least(vd a, vd b) { return (vd)_mm512_min_pd((__m512d)a, (__m512d)b); }
static inline int someone(mask m) { return m != 0; }
static inline vu times32(vu a, vu b) { return (vu)_mm512_mul_epu32((__m512i)a, (__m512i)b); }
static inline vd root(vd x) { return (vd)_mm512_sqrt_pd((__m512d)x); }
static inline vd real(vu w) { return __builtin_convertvector((vi)w, vd); }
static const vi LANE = {0, 1, 2, 3, 4, 5, 6, 7};
static inline mask without(mask a, mask b) { return a & ~b; }
#else
typedef vd mask;
static inline mask above(vd a, vd b) { return (vd)_mm256_cmp_pd((__m256d)a, (__m256d)b, _CMP_GT_OQ); }
static inline mask equal(vi a, vi b) { return (vd)(a == b); }
static inline vd where(mask m, vd a, vd b) { return (vd)_mm256_blendv_pd((__m256d)b, (__m256d)a, (__m256d)m); }
static inline vi index_where(mask m, vi a, vi b) { return (vi)where(m, (vd)a, (vd)b); }
static inline vd most(vd a, vd b) { return (vd)_mm256_max_pd((__m256d)a, (__m256d)b); }
static inline vd least(vd a, vd b) { return (vd)_mm256_min_pd((__m256d)a, (__m256d)b); }
static inline int someone(mask m) { return _mm256_movemask_pd((__m256d)m) != 0; }
static inline vu times32(vu a, vu b) { return (vu)_mm256_mul_epu32((__m256i)a, (__m256i)b); }
static inline vd root(vd x) { return (vd)_mm256_sqrt_pd((__m256d)x); }
static inline vd real(vu w) { /* below 2^53, exact: AVX2 converts no 64-bit integers */
    vd high = (vd)((w >> 32) | 0x4530000000000000ull), low = (vd)((w & 0xFFFFFFFFull) | 0x4330000000000000ull);
    return (high - (0x1p84 + 0x1p52)) + low;
}
static const vi LANE = {0, 1, 2, 3};
static inline mask without(mask a, mask b) { return (vd)_mm256_andnot_pd((__m256d)b, (__m256d)a); }
#endif
static inline vi whole(vd x) { /* rounds down; 0 <= x < 2^51 */
    vd up = x + 0x1p52, back = up - 0x1p52;
    return (vi)up - (vi)all(0x1p52) + (back > x);
}

/* ---------------------------------------------------------------- words */
static const u64 M32 = 0xFFFFFFFFu, GOLDEN = 0x9E3779B97F4A7C15ull, TOP = 1ull << 63;
enum { UNIFORM = 0, INTEGER = 4 };

static inline key nature(u64 seed, vu replication, u64 t) {
    vu c0 = (t & M32) | (vu){}, c1 = replication & M32, c2 = {}, c3 = (t >> 32) | (vu){};
    u64 k0 = seed & M32, k1 = seed >> 32;
    _Pragma("GCC unroll 10") for (int i = 0; i < 10; i++) {
        vu p0 = times32((vu)same(0xD2511F53), c0), p1 = times32((vu)same(0xCD9E8D57), c2);
        c0 = (p1 >> 32) ^ c1 ^ k0; c1 = p1 & M32; c2 = (p0 >> 32) ^ c3 ^ k1; c3 = p0 & M32;
        k0 = (k0 + 0x9E3779B9u) & M32; k1 = (k1 + 0xBB67AE85u) & M32;
    }
    return (key){(c0 << 32) | c1, (c2 << 32) | c3};
}
static inline key rule(key k) { return (key){k.x0 + TOP, k.x1}; }
static inline vd unit(key k, u64 salt, vu slot) {
    vu z = k.x0 + GOLDEN * (slot + (salt << 56));
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return real((z ^ (z >> 31) ^ k.x1) >> 11) * 0x1p-53;
}
static inline vd bernoulli(key k, vu slot, vd p) { return where(above(p, unit(k, UNIFORM, slot)), all(1.0), all(0.0)); }

/* ---------------------------------------------------------------- each lane's own element: table[at] */
static inline vd pick(const double *table, vi at) {
#if V == 8
    return (vd){table[at[0]], table[at[1]], table[at[2]], table[at[3]], table[at[4]], table[at[5]], table[at[6]], table[at[7]]};
#else
    return (vd){table[at[0]], table[at[1]], table[at[2]], table[at[3]]};
#endif
}
/* element `at` of a table of vectors: lanes g V to g V + V - 1 */
static inline vd take(const vd *table, vi at, long g) { return pick((const double *)table, at * LANES + g * V + LANE); }
static inline void put(vd *table, vi at, long g, vd value) {
    vi to = at * LANES + g * V + LANE;
    _Pragma("GCC unroll 8") for (int l = 0; l < V; l++) ((double *)table)[to[l]] = value[l];
}

/* ---------------------------------------------------------------- no budget: reward (count), a multiple of LANES */
void ucb1(u64 seed, long count, long T, long K, const double *p, double radius, double *reward) {
    vd pulls[KMAX * G], sum[KMAX * G], mean[KMAX * G], width[KMAX * G], total[G];
    for (long i = 0; i < count; i += LANES) {
        EACH(g) total[g] = all(0);
        for (long k = 0; k < K * G; k++) { pulls[k] = sum[k] = width[k] = all(0); mean[k] = all(INFINITY); }
        for (long t = 0; t < T; t++) {
            double scale = sqrt(radius * log(t > 1 ? t : 1));
            vd best[G];
            vi arm[G];
            EACH(g) { best[g] = mean[g] + scale * width[g]; arm[g] = same(0); }
            for (long k = 1; k < K; k++) EACH(g) {
                vd index = mean[k * G + g] + scale * width[k * G + g];
                mask more = above(index, best[g]);
                best[g] = where(more, index, best[g]);
                arm[g] = index_where(more, same(k), arm[g]);
            }
            EACH(g) {
                key z = nature(seed, (vu)(i + g * V + LANE), t);
                vi a = arm[g];
                vd x = bernoulli(z, (vu)a, pick(p, a)), n = take(pulls, a, g) + 1, s = take(sum, a, g) + x;
                total[g] += x;
                put(pulls, a, g, n);
                put(sum, a, g, s);
                put(mean, a, g, s / n);
                put(width, a, g, 1 / root(n));
            }
        }
        for (long l = 0; l < LANES; l++) reward[i + l] = ((double *)total)[l];
    }
}

void epsilon_greedy(u64 seed, long count, long T, long K, const double *p, double epsilon, double *reward) {
    vd pulls[KMAX * G], sum[KMAX * G], mean[KMAX * G], total[G];
    for (long i = 0; i < count; i += LANES) {
        EACH(g) total[g] = all(0);
        for (long k = 0; k < K * G; k++) { pulls[k] = sum[k] = all(0); mean[k] = all(INFINITY); }
        for (long t = 0; t < T; t++) {
            vd best[G];
            vi arm[G];
            EACH(g) { best[g] = mean[g]; arm[g] = same(0); }
            for (long k = 1; k < K; k++) EACH(g) {
                mask more = above(mean[k * G + g], best[g]);
                best[g] = where(more, mean[k * G + g], best[g]);
                arm[g] = index_where(more, same(k), arm[g]);
            }
            EACH(g) {
                key z = nature(seed, (vu)(i + g * V + LANE), t), mine = rule(z);
                vi any = whole(unit(mine, INTEGER, (vu)same(1)) * (double)K);
                vi a = index_where(above(all(epsilon), unit(mine, UNIFORM, (vu)same(0))), any, arm[g]);
                vd x = bernoulli(z, (vu)a, pick(p, a)), n = take(pulls, a, g) + 1, s = take(sum, a, g) + x;
                total[g] += x;
                put(pulls, a, g, n);
                put(sum, a, g, s);
                put(mean, a, g, s / n);
            }
        }
        for (long l = 0; l < LANES; l++) reward[i + l] = ((double *)total)[l];
    }
}

/* ---------------------------------------------------------------- budgets: reward (count), rounds (count) */
static inline vd exponential(vd x) { /* fdlibm's kernel; |x| far below 700 here */
    vd shifted = x * 1.44269504088896338700 + 0x1.8p52, n = shifted - 0x1.8p52, hi = x - n * 6.93147180369123816490e-01, lo = n * 1.90821492927058770002e-10;
    vd r = hi - lo, t = r * r;
    vd c = r - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
    vd y = 1 - ((lo - (r * c) / (2 - c)) - hi);
    return y * (vd)(((vi)shifted - (vi)all(0x1.8p52) + 1023) << 52);
}
static inline vd radius(vd mean, vd n, double level) { return root(level * mean / n) + level / n; }

void primal_dual(u64 seed, long count, long T, long K, long d, const double *p, const double *q, const double *budget, double confidence, double *reward, double *rounds) {
    vd pulls[KMAX * G], sum[KMAX * G], upper[KMAX * G], cost[KMAX * DMAX * G], lower[KMAX * DMAX * G], price[DMAX * G], left[DMAX * G], total[G], played[G];
    double unit[DMAX], B = T;
    for (long j = 0; j < d; j++) B = fmin(B, budget[j]);
    for (long j = 0; j < d; j++) unit[j] = B / budget[j];
    double level = confidence * log(K * (double)T * (d + 1)), pace = B / T, growth = log(1 + sqrt(log(d + 1) / B));
    for (long i = 0; i < count; i += LANES) {
        mask alive[G];
        EACH(g) { total[g] = played[g] = all(0); alive[g] = equal(same(0), same(0)); }
        for (long k = 0; k < K * G; k++) { pulls[k] = sum[k] = all(0); upper[k] = all(INFINITY); }
        for (long k = 0; k < K * d * G; k++) cost[k] = lower[k] = all(0);
        for (long j = 0; j < d; j++) EACH(g) { price[j * G + g] = all(1); left[j * G + g] = all(budget[j]); }
        for (long t = 0; t < T; t++) {
            vd best[G];
            vi arm[G];
            int some = 0;
            EACH(g) { best[g] = all(-INFINITY); arm[g] = same(0); some |= someone(alive[g]); }
            if (!some) break;
            for (long k = 0; k < K; k++) {
                vd priced[G];
                EACH(g) priced[g] = all(pace);
                for (long j = 0; j < d; j++) EACH(g) priced[g] += price[j * G + g] * lower[(k * d + j) * G + g];
                EACH(g) {
                    vd density = upper[k * G + g] / priced[g];
                    mask more = above(density, best[g]);
                    best[g] = where(more, density, best[g]);
                    arm[g] = index_where(more, same(k), arm[g]);
                }
            }
            EACH(g) {
                key z = nature(seed, (vu)(i + g * V + LANE), t);
                vi a = arm[g];
                mask fits = alive[g];
                vd c[DMAX];
                for (long j = 0; j < d; j++) {
                    c[j] = bernoulli(z, (vu)(a * (d + 1) + 1 + j), pick(q, a * d + j));
                    fits = without(fits, above(c[j], left[j * G + g] + 1e-12 * budget[j]));
                }
                alive[g] = fits;
                vd x = bernoulli(z, (vu)(a * (d + 1)), pick(p, a)), n = take(pulls, a, g) + 1, s = take(sum, a, g) + x;
                total[g] += where(fits, x, all(0));
                played[g] += where(fits, all(1), all(0));
                put(pulls, a, g, n);
                put(sum, a, g, s);
                vd mean = s / n;
                put(upper, a, g, least(mean + radius(most(mean, all(0)), n, level), all(1)));
                for (long j = 0; j < d; j++) {
                    left[j * G + g] -= c[j];
                    vd before = take(lower, a * d + j, g), spent = take(cost, a * d + j, g) + unit[j] * c[j];
                    price[j * G + g] = least(most(price[j * G + g] * exponential(growth * (before - pace)), all(1e-100)), all(1e100));
                    put(cost, a * d + j, g, spent);
                    mean = spent / n;
                    put(lower, a * d + j, g, most(mean - radius(most(mean, all(0)), n, level * unit[j]), all(0)));
                }
            }
        }
        for (long l = 0; l < LANES; l++) { reward[i + l] = ((double *)total)[l]; rounds[i + l] = ((double *)played)[l]; }
    }
}

/* The same rules as budgetsim/policies, one replication after another, as one would write them in C: sizes at run time, arrays on
 * the stack, libm's log, exp and sqrt. The words are those of budgetsim/draws.py, so both meet the same luck and, but for
 * the last bits of libm and of fused multiply-adds, decide alike.
 *
 *   gcc -O3 -march=native -shared -fPIC -o bandits.so bandits.c -lm */
#include <math.h>
#include <stdint.h>

#define KMAX 1024
#define DMAX 8
typedef uint64_t u64;

/* ---------------------------------------------------------------- words */
static const u64 M32 = 0xFFFFFFFFu, GOLDEN = 0x9E3779B97F4A7C15ull, TOP = 1ull << 63;
enum { UNIFORM = 0, INTEGER = 4, BETA_X = 28, BETA_Y = 32 };
typedef struct { u64 x0, x1; } key;

static inline key nature(u64 seed, u64 replication, u64 t) {
    u64 c0 = t & M32, c1 = replication & M32, c2 = 0, c3 = t >> 32, k0 = seed & M32, k1 = seed >> 32;
    for (int i = 0; i < 10; i++) {
        u64 p0 = 0xD2511F53ull * c0, p1 = 0xCD9E8D57ull * c2;
        c0 = (p1 >> 32) ^ c1 ^ k0; c1 = p1 & M32; c2 = (p0 >> 32) ^ c3 ^ k1; c3 = p0 & M32;
        k0 = (k0 + 0x9E3779B9u) & M32; k1 = (k1 + 0xBB67AE85u) & M32;
    }
    return (key){(c0 << 32) | c1, (c2 << 32) | c3};
}
static inline key rule(key k) { return (key){k.x0 + TOP, k.x1}; }
static inline u64 word(key k, u64 salt, u64 slot, u64 index) {
    u64 z = k.x0 + GOLDEN * (slot + (index << 32) + (salt << 56));
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31) ^ k.x1;
}
static inline double unit(u64 w) { return (double)(int64_t)(w >> 11) * 0x1p-53; }
static inline double open_unit(u64 w) { return ((double)(int64_t)(w >> 12) + 0.5) * 0x1p-52; }
static inline double uniform(key k, u64 slot) { return unit(word(k, UNIFORM, slot, 0)); }
static inline double bernoulli(key k, u64 slot, double p) { return uniform(k, slot) < p ? 1.0 : 0.0; }

/* ---------------------------------------------------------------- no budget: reward (count) */
void ucb1(u64 seed, long count, long T, long K, const double *p, double radius, double *reward) {
    double pulls[KMAX], sum[KMAX], mean[KMAX], width[KMAX];
    for (long i = 0; i < count; i++) {
        double total = 0;
        for (long k = 0; k < K; k++) { pulls[k] = sum[k] = width[k] = 0; mean[k] = INFINITY; }
        for (long t = 0; t < T; t++) {
            key z = nature(seed, i, t);
            double scale = sqrt(radius * log(t > 1 ? t : 1)), best = -INFINITY;
            long a = -1;
            for (long k = 0; k < K; k++) {
                double index = mean[k] + scale * width[k];
                if (index > best) { best = index; a = k; }
            }
            double x = bernoulli(z, a, p[a]), n = pulls[a] + 1;
            total += x;
            pulls[a] = n;
            sum[a] += x;
            mean[a] = sum[a] / n;
            width[a] = 1 / sqrt(n);
        }
        reward[i] = total;
    }
}

void epsilon_greedy(u64 seed, long count, long T, long K, const double *p, double epsilon, double *reward) {
    double pulls[KMAX], sum[KMAX], mean[KMAX];
    for (long i = 0; i < count; i++) {
        double total = 0;
        for (long k = 0; k < K; k++) { pulls[k] = sum[k] = 0; mean[k] = INFINITY; }
        for (long t = 0; t < T; t++) {
            key z = nature(seed, i, t), mine = rule(z);
            long a = -1;
            if (uniform(mine, 0) < epsilon) a = (long)(unit(word(mine, INTEGER, 1, 0)) * K);
            else {
                double best = -INFINITY;
                for (long k = 0; k < K; k++) if (mean[k] > best) { best = mean[k]; a = k; }
            }
            double x = bernoulli(z, a, p[a]), n = pulls[a] + 1;
            total += x;
            pulls[a] = n;
            sum[a] += x;
            mean[a] = sum[a] / n;
        }
        reward[i] = total;
    }
}

void exp3(u64 seed, long count, long T, long K, const double *p, double mixing, double *reward) {
    double weight[KMAX], eta = sqrt(2 * log(K) / (K * (double)T));
    for (long i = 0; i < count; i++) {
        double gain = 0, total = 1;
        for (long k = 0; k < K; k++) weight[k] = 1.0 / K;
        for (long t = 0; t < T; t++) {
            key z = nature(seed, i, t);
            double share = (1 - mixing) / total, base = mixing / K, point = uniform(rule(z), 0);
            long a = 0;
            while (a < K - 1 && point >= share * weight[a] + base) { point -= share * weight[a] + base; a++; }
            double x = bernoulli(z, a, p[a]), old = weight[a];
            gain += x;
            weight[a] = fmax(old * exp(-eta * fmax(1 - x, 0) / (share * old + base)), 1e-290);
            total += weight[a] - old;
            if (total < 0.5) {
                double sum = 0;
                for (long k = 0; k < K; k++) sum += weight[k];
                total = 0;
                for (long k = 0; k < K; k++) { weight[k] = fmax(weight[k] / sum, 1e-290); total += weight[k]; }
            }
        }
        reward[i] = gain;
    }
}

/* Wichura's AS 241 and Marsaglia and Tsang's gamma, shapes >= 1 here */
static double poly(const double *c, double r) { double z = c[0]; for (int i = 1; i < 8; i++) z = z * r + c[i]; return z; }
static const double A[] = {2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0};
static const double B[] = {5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0};
static const double C[] = {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0};
static const double D[] = {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0};
static const double E[] = {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0};
static const double F[] = {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0};
static double normal_quantile(double u) {
    double q = u - 0.5;
    if (fabs(q) <= 0.425) { double r = 0.180625 - q * q; return q * poly(A, r) / poly(B, r); }
    double r = sqrt(-log(q < 0 ? u : 1 - u)), z = r <= 5 ? poly(C, r - 1.6) / poly(D, r - 1.6) : poly(E, r - 5) / poly(F, r - 5);
    return q < 0 ? -z : z;
}
static double gamma_draw(key k, u64 slot, double shape, u64 salt) {
    double d = shape - 1.0 / 3.0, c = 1 / sqrt(9 * d);
    for (u64 i = 0;; i++) {
        double z = normal_quantile(open_unit(word(k, salt, slot, i))), u = open_unit(word(k, salt + 1, slot, i)), v = 1 + c * z;
        if (v > 0) {
            v = v * v * v;
            double z2 = z * z;
            if (u < 1 - 0.0331 * z2 * z2 || log(u) < 0.5 * z2 + d * (1 - v + log(v))) return d * v;
        }
    }
}

void thompson(u64 seed, long count, long T, long K, const double *p, double prior, double *reward) {
    double won[KMAX], lost[KMAX];
    for (long i = 0; i < count; i++) {
        double total = 0;
        for (long k = 0; k < K; k++) won[k] = lost[k] = prior;
        for (long t = 0; t < T; t++) {
            key z = nature(seed, i, t), mine = rule(z);
            double best = -1, coin = uniform(mine, 0);
            long a = -1;
            for (long k = 0; k < K; k++) {
                double x = gamma_draw(mine, k, won[k], BETA_X), value = x / (x + gamma_draw(mine, k, lost[k], BETA_Y));
                if (value > best) { best = value; a = k; }
            }
            double x = bernoulli(z, a, p[a]);
            total += x;
            if (coin < x) won[a] += 1;
            else lost[a] += 1;
        }
        reward[i] = total;
    }
}

/* ---------------------------------------------------------------- budgets: reward (count), rounds (count) */
static inline double radius(double mean, double n, double level) { return sqrt(level * mean / n) + level / n; }

void primal_dual(u64 seed, long count, long T, long K, long d, const double *p, const double *q, const double *budget, double confidence, double *reward, double *rounds) {
    double pulls[KMAX], sum[KMAX], upper[KMAX], cost[KMAX * DMAX], lower[KMAX * DMAX], price[DMAX], unit[DMAX], left[DMAX], c[DMAX], B = T;
    for (long j = 0; j < d; j++) B = fmin(B, budget[j]);
    for (long j = 0; j < d; j++) unit[j] = B / budget[j];
    double level = confidence * log(K * (double)T * (d + 1)), pace = B / T, growth = log(1 + sqrt(log(d + 1) / B));
    for (long i = 0; i < count; i++) {
        double total = 0;
        long t = 0;
        for (long k = 0; k < K; k++) { pulls[k] = sum[k] = 0; upper[k] = INFINITY; }
        for (long k = 0; k < K * d; k++) cost[k] = lower[k] = 0;
        for (long j = 0; j < d; j++) { price[j] = 1; left[j] = budget[j]; }
        for (; t < T; t++) {
            key z = nature(seed, i, t);
            double best = -INFINITY;
            long a = -1, fits = 1;
            for (long k = 0; k < K; k++) {
                double priced = pace;
                for (long j = 0; j < d; j++) priced += price[j] * lower[k * d + j];
                double density = upper[k] / priced;
                if (density > best) { best = density; a = k; }
            }
            for (long j = 0; j < d; j++) {
                c[j] = bernoulli(z, a * (d + 1) + 1 + j, q[a * d + j]);
                if (c[j] > left[j] + 1e-12 * budget[j]) fits = 0;
            }
            if (!fits) break;
            double x = bernoulli(z, a * (d + 1), p[a]), n = pulls[a] + 1;
            total += x;
            pulls[a] = n;
            sum[a] += x;
            double mean = sum[a] / n;
            upper[a] = fmin(mean + radius(fmax(mean, 0), n, level), 1);
            for (long j = 0; j < d; j++) {
                long e = a * d + j;
                left[j] -= c[j];
                price[j] = fmin(fmax(price[j] * exp(growth * (lower[e] - pace)), 1e-100), 1e100);
                cost[e] += unit[j] * c[j];
                mean = cost[e] / n;
                lower[e] = fmax(mean - radius(fmax(mean, 0), n, level * unit[j]), 0);
            }
        }
        reward[i] = total;
        rounds[i] = t;
    }
}

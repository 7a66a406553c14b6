/* Dual descent on given arrays: reward (T, n), cost (T, n, d). gcc -O3 -march=native -shared -fPIC */
#include <math.h>

#define DMAX 64

static double play(long T, long n, long d, const double *reward, const double *cost, const double *budget, double eta, int skip) {
    double price[DMAX], rate[DMAX], spent[DMAX], total = 0;
    for (long j = 0; j < d; j++) { price[j] = spent[j] = 0; rate[j] = budget[j] / T; }
    for (long t = 0; t < T; t++) {
        const double *r = reward + t * n, *c = cost + t * n * d;
        double best = 0;
        long wish = -1;
        for (long i = 0; i < n; i++) {
            double gain = r[i];
            if (skip && gain <= best) continue;
            for (long j = 0; j < d; j++) gain -= price[j] * c[i * d + j];
            if (gain > best) { best = gain; wish = i; }
        }
        if (wish < 0) {
            for (long j = 0; j < d; j++) price[j] = fmax(price[j] - eta * rate[j], 0);
            continue;
        }
        const double *b = c + wish * d;
        int fits = 1;
        for (long j = 0; j < d; j++) fits &= b[j] <= budget[j] - spent[j] + 1e-12 * budget[j];
        if (fits) {
            for (long j = 0; j < d; j++) spent[j] += b[j];
            total += r[wish];
        }
        for (long j = 0; j < d; j++) price[j] = fmax(price[j] - eta * (rate[j] - b[j]), 0);
    }
    return total;
}

double plain(long T, long n, long d, const double *reward, const double *cost, const double *budget, double eta) { return play(T, n, d, reward, cost, budget, eta, 0); }
/* options whose reward alone is not above the best so far are not priced */
double skipping(long T, long n, long d, const double *reward, const double *cost, const double *budget, double eta) { return play(T, n, d, reward, cost, budget, eta, 1); }

/* What compilers make of floating point on each core's unit, with the instructions that only
 * newer units have: rounding, selection, minimum and maximum. */
float dot_f32(const float *a, const float *b, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

double dot_f64(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

float clamp_f32(float x, float low, float high) {
    return __builtin_fminf(__builtin_fmaxf(x, low), high) + __builtin_floorf(x) -
           __builtin_ceilf(high);
}

double select_f64(double a, double b) {
    return a > b ? a / b : __builtin_sqrt(b);
}

long long scale(float x, unsigned n) {
    return (long long)(x * (float)n) / (long long)(n + 3u);
}

#include <cblas.h>
#include <stddef.h>

// LAPACK under its Fortran names: Debian's OpenBLAS has no LAPACKE. All matrices are column-major, numbers are passed by
// address, and the lengths of character arguments come after all others.

void dsyevr_(const char *jobz, const char *range, const char *uplo, const int *n, double *a, const int *lda,
             const double *vl, const double *vu, const int *il, const int *iu, const double *abstol, int *m,
             double *w, double *z, const int *ldz, int *isuppz, double *work, const int *lwork, int *iwork,
             const int *liwork, int *info, size_t jobz_length, size_t range_length, size_t uplo_length);
void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s, double *u,
             const int *ldu, double *vt, const int *ldvt, double *work, const int *lwork, int *iwork,
             int *info, size_t jobz_length);
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda, double *b,
             const int *ldb, int *info, size_t uplo_length);
void dgelsd_(const int *m, const int *n, const int *nrhs, double *a, const int *lda, double *b,
             const int *ldb, double *s, const double *rcond, int *rank, double *work, const int *lwork,
             int *iwork, int *info);
void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau, double *work,
             const int *lwork, int *info);
void dorgqr_(const int *m, const int *n, const int *k, double *a, const int *lda, const double *tau,
             double *work, const int *lwork, int *info);

// As Swift calls them: numbers by value, leading dimensions as short as they can be. Each returns LAPACK's `info`.

// Eigenvalues number `first` to `last`, from 1 in rising order, and their eigenvectors; reads the lower triangle.
static inline int act_dsyevr(int n, double *a, int first, int last, double *w, double *z, int *isuppz,
                             double *work, int lwork, int *iwork, int liwork) {
  double no_bound = 0, default_tolerance = 0;
  int found, info;
  dsyevr_("V", first == 1 && last == n ? "A" : "I", "L", &n, a, &n, &no_bound, &no_bound, &first, &last,
          &default_tolerance, &found, w, z, &n, isuppz, work, &lwork, iwork, &liwork, &info, 1, 1, 1);
  return info;
}

// The thin decomposition of `a: m x n`: `u: m x k`, `vt: k x n`, k the smaller of m and n.
static inline int act_dgesdd(int m, int n, double *a, double *s, double *u, double *vt, double *work,
                             int lwork, int *iwork) {
  int k = m < n ? m : n;
  int info;
  dgesdd_("S", &m, &n, a, &m, s, u, &m, vt, &k, work, &lwork, iwork, &info, 1);
  return info;
}

// The lower triangle of `a` becomes its factor.
static inline int act_dpotrf(int n, double *a) {
  int info;
  dpotrf_("L", &n, a, &n, &info, 1);
  return info;
}

// `b: n x count` becomes the solution, `a` as act_dpotrf leaves it.
static inline int act_dpotrs(int n, int count, const double *a, double *b) {
  int info;
  dpotrs_("L", &n, &count, a, &n, b, &n, &info, 1);
  return info;
}

// `b: max(m, n) x count` becomes the solution.
static inline int act_dgelsd(int m, int n, int count, double *a, double *b, double *s, double rcond,
                             int *rank, double *work, int lwork, int *iwork) {
  int height = m > n ? m : n;
  int info;
  dgelsd_(&m, &n, &count, a, &m, b, &height, s, &rcond, rank, work, &lwork, iwork, &info);
  return info;
}

// `a: m x n`, m >= n, becomes its QR decomposition: R in the upper triangle, what Q is made of below it and in `tau`.
static inline int act_dgeqrf(int m, int n, double *a, double *tau, double *work, int lwork) {
  int info;
  dgeqrf_(&m, &n, a, &m, tau, work, &lwork, &info);
  return info;
}

// What act_dgeqrf leaves becomes Q: m x n.
static inline int act_dorgqr(int m, int n, double *a, const double *tau, double *work, int lwork) {
  int info;
  dorgqr_(&m, &n, &n, a, &m, tau, work, &lwork, &info);
  return info;
}

// Checks that a team's parts run once each, whatever happens around: jobs that follow one another at once or after
// the threads have gone to sleep, jobs within parts, callers at the same time, threads that sleep within a part.
//
//   clang -O2 -std=gnu11 -fsanitize=thread -ISources/CKernels/include -ISources/CKernels \
//     Tests/KernelChecks/team_check.c Sources/CKernels/Team.c -lpthread -o team_check && ./team_check
//
// Argument "bench" prints what a job costs instead.
#include "adj_team.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int failures;

enum { most_parts = 64 };

typedef struct job {
  int64_t counts[most_parts]; // plain numbers, so that the thread sanitizer sees parts that are not ordered
  int64_t parts;
  int nesting;
  int sleeps; // microseconds in each part
} job;

static void run(job *job, int64_t parts, int32_t threads, int64_t cost);

static void body(void *context, int64_t part) {
  job *all = context;
  if (part < 0 || part >= all->parts) abort();
  all->counts[part]++;
  if (all->sleeps) usleep((useconds_t)all->sleeps);
  if (all->nesting > 0) {
    job inner = {.nesting = all->nesting - 1};
    run(&inner, 1 + part % 5, 4, part % 2 ? 1000000 : 9000);
  }
}

static void run(job *job, int64_t parts, int32_t threads, int64_t cost) {
  memset(job->counts, 0, sizeof job->counts);
  job->parts = parts;
  adj_team_run(parts, threads, cost, body, job);
  for (int64_t part = 0; part < most_parts; part++)
    if (job->counts[part] != (part < parts)) {
      __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
      printf("team: part %lld of %lld ran %lld times\n", (long long)part, (long long)parts,
             (long long)job->counts[part]);
    }
}

static void follow(int rounds) {
  job job = {.nesting = 0};
  for (int round = 0; round < rounds; round++) run(&job, round % most_parts, 1 + round % 5, round % 3 ? 9000 : 50000);
}

static void pause_between(int rounds) {
  job job = {.nesting = 0};
  for (int round = 0; round < rounds; round++) {
    run(&job, 8, 3, round % 2 ? 9000 : 100000);
    usleep((useconds_t)(round * 37 % 900)); // sometimes longer than threads look out
  }
}

static void *caller(void *argument) {
  (void)argument;
  follow(20000);
  pause_between(50);
  return NULL;
}

static void callers(int count) {
  pthread_t threads[8];
  for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, caller, NULL);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

// After work for many threads, those that a job is not for neither join it nor stand in for those that it is for.
static void few_after_many(void) {
  job many = {.sleeps = 50}, few = {.sleeps = 20};
  run(&many, 40, 20, 100000000);
  for (int round = 0; round < 300; round++) {
    run(&few, 2, 2, 40000);
    if (round % 100 == 0) usleep(1000);
  }
}

// A child process has none of its parent's threads, and makes its own.
static void child(void) {
  pid_t process = fork();
  if (process == 0) {
    job job = {.sleeps = 20};
    for (int round = 0; round < 50; round++) run(&job, 12, 25, 100000000);
    _exit(failures != 0);
  }
  int status = -1;
  for (int tick = 0; tick < 10000 && waitpid(process, &status, WNOHANG) == 0; tick++) usleep(1000);
  if (status != 0) {
    kill(process, SIGKILL);
    failures++, printf("team: the child process ended with %d, or not at all\n", status);
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void nothing(void *context, int64_t part) { (void)context, (void)part; }

static void bench(void) {
  for (int threads = 1; threads <= 2; threads++) {
    adj_team_run(8, 2, 1000000, nothing, NULL);
    usleep(100);
    double start = now();
    for (int i = 0; i < 100000; i++) adj_team_run(2, threads, 10000, nothing, NULL);
    printf("%d threads: %.0f ns a job of two empty parts\n", threads, (now() - start) * 1e9 / 100000);
  }
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "bench")) return bench(), 0;
  follow(200000);
  pause_between(400);
  job nested = {.nesting = 2}, slow = {.sleeps = 300};
  for (int round = 0; round < 200; round++) run(&nested, 1 + round % 20, 3, 1000000);
  for (int round = 0; round < 20; round++) run(&slow, 6, 3, 1000000);
  few_after_many();
  callers(4);
  child();
  adj_team_run(0, 4, 1000000, body, NULL);
  adj_team_run(-1, 4, 1000000, body, NULL);
  if (failures) return printf("team: %d failures\n", failures), 1;
  puts("team: every part ran once");
  return 0;
}

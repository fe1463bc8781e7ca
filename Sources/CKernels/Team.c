// The threads that share an operator's work: one job at a time. Each thread first takes the parts of its own stretch,
// the same for every job, so that rows which it wrote are in its core's cache when it reads them; then what others have
// left of theirs.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1 // pthread_setname_np, sched_getcpu under -std=c11
#endif
#include "include/adj_team.h"
#include "ThreadRecord.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

// The gate: bit 0 says that the job may be joined, bits 1 ... 15 count who has joined and not left, and the rest
// numbers the jobs. One word, so that nobody can join a job that has just been closed.
#define OPEN 1u
#define MEMBER 2u
#define MEMBERS 0xfffeu
#define JOB 0x10000u

enum { most_threads = 64 };

// A waiting thread first looks without pause, then lets others have its core, then sleeps.
enum { eager_nanoseconds = 20000, awake_nanoseconds = 200000, looks_per_clock = 64 };

// What the threads must have missed before they are woken.
enum { waking_nanoseconds = 40000 };

static struct {
  _Alignas(128) uint64_t gate;
  int32_t sleepers;
  int32_t core;    // where the caller began the job
  int32_t threads; // that may take part, the caller being the first
  void (*body)(void *, int64_t);
  void *context;
  _Alignas(128) bool taken; // whether some caller has the team
  int32_t workers;          // threads made so far
  int64_t missed;           // nanoseconds of work, lately done while they slept
  int64_t missed_at;        // when the last of it began
  pthread_mutex_t mutex;
  pthread_cond_t wake;
} team = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

// The parts that nobody has taken yet, by whose they are.
static struct {
  _Alignas(128) int64_t next;
  int64_t end;
} stretches[most_threads];

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// Systems wake a thread on the core of who wakes it more often than not, and take milliseconds to see that another
// is idle. A thread that finds itself on its caller's core moves away, to wherever the process may run.
static int32_t current_core(void) {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

static void leave_callers_core(void) {
#if defined(__linux__)
  int32_t core = current_core();
  if (core < 0 || core != __atomic_load_n(&team.core, __ATOMIC_RELAXED) || core >= CPU_SETSIZE) return;
  cpu_set_t all, others;
  if (sched_getaffinity(0, sizeof all, &all) != 0) return;
  others = all;
  CPU_CLR(core, &others);
  if (CPU_COUNT(&others) > 0 && sched_setaffinity(0, sizeof others, &others) == 0)
    sched_setaffinity(0, sizeof all, &all);
#endif
}

static bool is_new(uint64_t gate, uint64_t last) { return (gate & OPEN) && gate / JOB != last; }

static void take_parts(int32_t thread) {
  for (int32_t other = 0; other < team.threads; other++) {
    int32_t owner = (thread + other) % team.threads;
    for (;;) {
      int64_t part = __atomic_fetch_add(&stretches[owner].next, 1, __ATOMIC_RELAXED);
      if (part >= stretches[owner].end) break;
      team.body(team.context, part);
    }
  }
}

// Joins the job that is open, unless it is the one that this thread has joined last; returns its number.
static uint64_t work(int32_t thread, uint64_t last) {
  uint64_t gate = __atomic_load_n(&team.gate, __ATOMIC_ACQUIRE);
  while (is_new(gate, last)) {
    if (!__atomic_compare_exchange_n(&team.gate, &gate, gate + MEMBER, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
      continue;
    leave_callers_core();
    if (thread < team.threads) take_parts(thread);
    __atomic_fetch_sub(&team.gate, MEMBER, __ATOMIC_RELEASE);
    return gate / JOB;
  }
  return last;
}

// Until there is a new job, or enough time has passed.
static bool looks_out(uint64_t last) {
  int64_t begin = nanoseconds();
  for (;;) {
    for (int look = 0; look < looks_per_clock; look++) {
      if (is_new(__atomic_load_n(&team.gate, __ATOMIC_RELAXED), last)) return true;
      relax();
    }
    leave_callers_core();
    int64_t passed = nanoseconds() - begin;
    if (passed > awake_nanoseconds) return false;
    if (passed > eager_nanoseconds) sched_yield();
  }
}

// Who opens a gate looks for sleepers afterwards, and who goes to sleep looks at the gate afterwards, in one order
// that all threads agree on: one of the two sees the other.
static void sleep_until_new(uint64_t last) {
  pthread_mutex_lock(&team.mutex);
  __atomic_fetch_add(&team.sleepers, 1, __ATOMIC_SEQ_CST);
  while (!is_new(__atomic_load_n(&team.gate, __ATOMIC_SEQ_CST), last)) pthread_cond_wait(&team.wake, &team.mutex);
  __atomic_fetch_sub(&team.sleepers, 1, __ATOMIC_RELAXED);
  pthread_mutex_unlock(&team.mutex);
}

static void *worker(void *number) {
  int32_t thread = (int32_t)(intptr_t)number;
#if defined(__linux__)
  pthread_setname_np(pthread_self(), "adjoint-team");
#endif
  uint64_t last = 0;
  for (;;) {
    if (!looks_out(last)) sleep_until_new(last);
    last = work(thread, last);
  }
  return NULL;
}

// Only who has the team calls it. Fewer threads than wanted are no error: the caller does what they do not.
static void hire(int32_t count) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); // signals are for the program's own threads
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 8 << 20);
  pthread_t thread;
  while (team.workers < count &&
         pthread_create(&thread, &attributes, worker, (void *)(intptr_t)(team.workers + 1)) == 0)
    team.workers++;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

// Whether to wake threads for a job; only who has the team asks.
static bool is_worth_waking(int64_t cost) {
  int64_t now = nanoseconds();
  if (now - team.missed_at > awake_nanoseconds) team.missed = 0;
  team.missed_at = now;
  team.missed += cost;
  if (team.missed < waking_nanoseconds) return false;
  team.missed = 0;
  return true;
}

static void wake_sleepers(void) {
  pthread_mutex_lock(&team.mutex);
  pthread_cond_broadcast(&team.wake);
  pthread_mutex_unlock(&team.mutex);
}

// Nobody joins any more; those who have are waited for.
static void close_gate(void) {
  uint64_t gate = __atomic_and_fetch(&team.gate, ~(uint64_t)OPEN, __ATOMIC_ACQUIRE);
  int64_t begin = 0;
  for (int look = 1; gate & MEMBERS; look++) {
    relax();
    if (look % looks_per_clock == 0) {
      int64_t now = nanoseconds();
      if (begin == 0) begin = now;
      if (now - begin > eager_nanoseconds) sched_yield();
    }
    gate = __atomic_load_n(&team.gate, __ATOMIC_ACQUIRE);
  }
}

void adj_team_run(int64_t parts, int32_t threads, int64_t cost, void (*body)(void *, int64_t), void *context) {
  if (threads > most_threads) threads = most_threads;
  if (threads > parts) threads = (int32_t)parts;
  if (threads <= 1 || __atomic_exchange_n(&team.taken, true, __ATOMIC_ACQUIRE)) {
    for (int64_t part = 0; part < parts; part++) body(context, part);
    return;
  }
  team.threads = threads;
  team.body = body;
  team.context = context;
  for (int32_t i = 0; i < threads; i++) {
    stretches[i].end = parts * (i + 1) / threads;
    __atomic_store_n(&stretches[i].next, parts * i / threads, __ATOMIC_RELAXED);
  }
  __atomic_store_n(&team.core, current_core(), __ATOMIC_RELAXED);
  __atomic_fetch_add(&team.gate, JOB + OPEN, __ATOMIC_SEQ_CST);
  // Those who are not awake by now: not yet made, or asleep.
  int32_t away = __atomic_load_n(&team.sleepers, __ATOMIC_SEQ_CST);
  if (ADJ_UNLIKELY(team.workers - away < threads - 1) && is_worth_waking(cost)) {
    if (team.workers < threads - 1) hire(threads - 1);
    if (away > 0) wake_sleepers();
  }
  take_parts(0);
  close_gate();
  __atomic_store_n(&team.taken, false, __ATOMIC_RELEASE);
}

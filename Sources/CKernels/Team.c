// The threads that share an operator's work: one job at a time. Each thread first takes the parts of its own stretch,
// the same for every job, so that rows which it wrote are in its core's cache when it reads them; then what others have
// left of theirs.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1 // pthread_setname_np, sched_getcpu under -std=c11
#endif
#include "include/adj_team.h"
#include "ThreadRecord.h"
#include <pthread.h>
#if defined(__APPLE__)
#include <pthread/qos.h>
#endif
#include <sched.h>
#include <signal.h>
#include <time.h>

// The gate: bit 0 says that the job may be joined, bits 1 ... 7 count who has joined and not left, bits 8 ... 15 say
// how many threads may, the caller being the first, and the rest numbers the jobs. One word, so that nobody can join
// a job that has just been closed.
#define OPEN 1u
#define MEMBER 2u
#define MEMBERS 0xfeu
#define THREADS 0x100u
#define JOB 0x10000u

enum { most_threads = 64 };

// A waiting thread first looks without pause, then lets others have its core, then sleeps.
enum { eager_nanoseconds = 20000, awake_nanoseconds = 1000000, looks_per_clock = 64 };

// A caller that waits for others so long sleeps in between.
enum { patient_nanoseconds = 1000000, nap_nanoseconds = 100000 };

// What a job must cost to be shared: so many times as long as a thread that looks out takes to join one, at best of
// some, within these bounds. The farther apart cores are, the longer a part's data takes to come over, too:
// microseconds where they have no common cache.
enum { joins_per_job = 20, least_nanoseconds = 3000, most_nanoseconds = 8000, jobs_per_verdict = 16 };

// What the threads must have missed before they are woken.
enum { waking_nanoseconds = 40000 };

static struct {
  _Alignas(128) uint64_t gate;
  uint64_t asleep; // a bit for each thread
  int32_t core;    // where the caller began the job
  int32_t threads; // that may take part; as in the gate, for members
  void (*body)(void *, int64_t);
  void *context;
  int64_t opened_at;
  int64_t joined_after; // how long a thread took to join; 0 until one has
  _Alignas(128) bool taken; // whether some caller has the team
  int32_t workers;          // threads made so far
  int64_t missed;           // nanoseconds of work, lately done while they slept
  int64_t missed_at;        // when the last of it began
  int64_t quickest;         // to join, of the latest jobs
  uint32_t jobs_seen;
  int64_t least;            // nanoseconds that a job must cost; 0 until something is known
  pthread_mutex_t mutex;    // of the conditions
  pthread_cond_t wake[most_threads];
} team = {.mutex = PTHREAD_MUTEX_INITIALIZER};

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

// Whether a job is open in which this thread may take part and has not yet.
static bool is_new(uint64_t gate, int32_t thread, uint64_t last) {
  return (gate & OPEN) && gate / JOB != last && (uint64_t)thread < gate % JOB / THREADS;
}

static void take_parts(int32_t thread) {
  for (int32_t other = 0; other < team.threads; other++) {
    int32_t owner = (thread + other) % team.threads;
    while (__atomic_load_n(&stretches[owner].next, __ATOMIC_RELAXED) < stretches[owner].end) {
      int64_t part = __atomic_fetch_add(&stretches[owner].next, 1, __ATOMIC_RELAXED);
      if (part >= stretches[owner].end) break;
      team.body(team.context, part);
    }
  }
}

// Joins the job that is open, unless it is the one that this thread has joined last; returns its number.
static uint64_t work(int32_t thread, uint64_t last) {
  leave_callers_core(); // not as a member, whom the caller waits for
  uint64_t gate = __atomic_load_n(&team.gate, __ATOMIC_ACQUIRE);
  while (is_new(gate, thread, last)) {
    if (!__atomic_compare_exchange_n(&team.gate, &gate, gate + MEMBER, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
      continue;
    __atomic_store_n(&team.joined_after, nanoseconds() - team.opened_at, __ATOMIC_RELAXED);
    take_parts(thread);
    __atomic_fetch_sub(&team.gate, MEMBER, __ATOMIC_RELEASE);
    return gate / JOB;
  }
  return last;
}

// Until there is a new job, or enough time has passed.
static bool looks_out(int32_t thread, uint64_t last) {
  int64_t begin = nanoseconds();
  for (;;) {
    for (int look = 0; look < looks_per_clock; look++) {
      if (is_new(__atomic_load_n(&team.gate, __ATOMIC_RELAXED), thread, last)) return true;
      relax();
    }
    leave_callers_core();
    int64_t passed = nanoseconds() - begin;
    if (passed > awake_nanoseconds) return false;
    if (passed > eager_nanoseconds) sched_yield();
  }
}

// Who opens a gate looks for sleepers afterwards, and who goes to sleep looks at the gate afterwards, in one order
// that all threads agree on: one of the two sees the other. Whoever is woken looks out again, even if that job is over:
// the next is likely to follow.
static void sleep_until_woken(int32_t thread, uint64_t last) {
  uint64_t bit = (uint64_t)1 << thread;
  pthread_mutex_lock(&team.mutex);
  __atomic_fetch_or(&team.asleep, bit, __ATOMIC_SEQ_CST);
  if (!is_new(__atomic_load_n(&team.gate, __ATOMIC_SEQ_CST), thread, last))
    pthread_cond_wait(&team.wake[thread], &team.mutex);
  __atomic_fetch_and(&team.asleep, ~bit, __ATOMIC_RELAXED);
  pthread_mutex_unlock(&team.mutex);
}

static void *worker(void *number) {
  int32_t thread = (int32_t)(intptr_t)number;
#if defined(__linux__)
  pthread_setname_np(pthread_self(), "adjoint-team");
#endif
  uint64_t last = 0;
  for (;;) {
    if (!looks_out(thread, last)) sleep_until_woken(thread, last);
    last = work(thread, last);
  }
  return NULL;
}

#if defined(__linux__)
static cpu_set_t cores; // that the process began with, whatever a thread that calls is bound to

__attribute__((constructor)) static void note_cores(void) {
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) CPU_ZERO(&cores);
}
#endif

// A child has none of its parent's threads.
static void forget_workers(void) {
  team.gate = 0;
  team.asleep = 0;
  team.taken = false;
  team.workers = 0;
  pthread_mutex_init(&team.mutex, NULL);
}

static void describe(pthread_attr_t *attributes) {
  pthread_attr_init(attributes);
  pthread_attr_setdetachstate(attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(attributes, 8 << 20);
#if defined(__linux__)
  // Like any thread of the process, not like the one that happens to be the first with work.
  pthread_attr_setinheritsched(attributes, PTHREAD_EXPLICIT_SCHED);
  if (CPU_COUNT(&cores) > 0) pthread_attr_setaffinity_np(attributes, sizeof cores, &cores);
#elif defined(__APPLE__)
  pthread_attr_set_qos_class_np(attributes, QOS_CLASS_USER_INITIATED, 0);
#endif
}

// Signals are for the program's own threads; but a fault is this one's.
static void block_signals(sigset_t *before) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF};
  sigset_t blocked;
  sigfillset(&blocked);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&blocked, faults[i]);
  pthread_sigmask(SIG_SETMASK, &blocked, before);
}

// Only who has the team calls it. Fewer threads than wanted are no error: the caller does what they do not.
static void hire(int32_t count) {
  static bool knows_forks; // a child inherits the handler
  if (!knows_forks) knows_forks = pthread_atfork(NULL, NULL, forget_workers) == 0;
  sigset_t before;
  block_signals(&before);
  pthread_attr_t attributes;
  describe(&attributes);
  for (pthread_t thread; team.workers < count; team.workers++) {
    pthread_cond_init(&team.wake[team.workers + 1], NULL);
    if (pthread_create(&thread, &attributes, worker, (void *)(intptr_t)(team.workers + 1)) != 0) break;
  }
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

static void wake(uint64_t sleepers) {
  pthread_mutex_lock(&team.mutex);
  for (int32_t thread = 1; thread < most_threads; thread++)
    if (sleepers >> thread & 1) pthread_cond_signal(&team.wake[thread]);
  pthread_mutex_unlock(&team.mutex);
}

// Nobody joins any more; those who have are waited for.
static void close_gate(void) {
  uint64_t gate = __atomic_and_fetch(&team.gate, ~(uint64_t)OPEN, __ATOMIC_ACQUIRE);
  int64_t begin = 0;
  for (uint32_t look = 1; gate & MEMBERS; look++) {
    relax();
    if (look % looks_per_clock == 0) {
      int64_t now = nanoseconds();
      if (begin == 0) begin = now;
      if (now - begin > patient_nanoseconds) nanosleep(&(struct timespec){.tv_nsec = nap_nanoseconds}, NULL);
      else if (now - begin > eager_nanoseconds) sched_yield();
    }
    gate = __atomic_load_n(&team.gate, __ATOMIC_ACQUIRE);
  }
}

// Learns from a job how far the other cores are; only who has the team calls it, between jobs.
static void judge_distance(void) {
  int64_t time = __atomic_exchange_n(&team.joined_after, 0, __ATOMIC_RELAXED);
  if (time <= 0) return;
  if (team.jobs_seen == 0 || time < team.quickest) team.quickest = time;
  if (++team.jobs_seen < jobs_per_verdict) return;
  int64_t least = joins_per_job * team.quickest;
  if (least < least_nanoseconds) least = least_nanoseconds;
  if (least > most_nanoseconds) least = most_nanoseconds;
  __atomic_store_n(&team.least, least, __ATOMIC_RELAXED);
  team.jobs_seen = 0;
}

void adj_team_run(int64_t parts, int32_t threads, int64_t cost, void (*body)(void *, int64_t), void *context) {
  if (threads > most_threads) threads = most_threads;
  if (threads > parts) threads = (int32_t)parts;
  int64_t least = __atomic_load_n(&team.least, __ATOMIC_RELAXED);
  if (threads <= 1 || cost < (least > 0 ? least : most_nanoseconds) ||
      __atomic_exchange_n(&team.taken, true, __ATOMIC_ACQUIRE)) {
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
  team.opened_at = nanoseconds();
  // Closed and without members: nobody else writes it.
  uint64_t job = __atomic_load_n(&team.gate, __ATOMIC_RELAXED) / JOB + 1;
  __atomic_store_n(&team.gate, job * JOB + (uint64_t)threads * THREADS + OPEN, __ATOMIC_SEQ_CST);
  // Threads 1 ..< threads: made, and awake?
  uint64_t wanted = ((uint64_t)1 << (threads - 1) << 1) - 2;
  uint64_t asleep = __atomic_load_n(&team.asleep, __ATOMIC_SEQ_CST) & wanted;
  if (ADJ_UNLIKELY(asleep != 0 || team.workers < threads - 1) && is_worth_waking(cost)) {
    if (team.workers < threads - 1) hire(threads - 1);
    if (asleep != 0) wake(asleep);
  }
  take_parts(0);
  close_gate();
  judge_distance();
  __atomic_store_n(&team.taken, false, __ATOMIC_RELEASE);
}

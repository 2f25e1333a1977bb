/*
 * The machine code of a whole fork: what has to happen while every other thread of the JVM stands still, and so cannot be
 * Java. It needs no library and no relocation, so that it runs from any page. scripts/machine-code makes the constant in
 * WholeForkCode.java of it; WholeFork.java tells what it is for and fills the plan.
 *
 * Linux on x86-64. Whatever is written down here about HotSpot and glibc is an offset in the plan.
 */
typedef unsigned char byte;
typedef unsigned int uint;

/* What becomes of one attempt. */
enum { PARKING = 0, COMMITTED = 1, FORKED = 2, RELEASED = 3, ABANDONED = 4 };

/*
 * An attempt, in memory that parent and child share. The next one has another, and the state bears the attempt's number, as
 * all of them have had their turn when a child that was stopped looks at its own. Nothing can have become of it then that is
 * for the child to heed: a parent kills the child of an abandoned attempt before it makes another.
 */
struct attempt { int state; int captured; int target; int patience; };

/* Why there is no child; other negative results are -errno of clone(2). WholeFork.java knows them, too. */
enum { SILENT = -1001, CHANGING = -1002, UNKNOWN = -1003, UNSAFE = -1004, LOCKED = -1005, TOO_MANY = -1006,
       LATE = -1007, REFUSED = -1008, CARRIERS = -1009, FRESH = -1010, SIGNALS = -1011, STOLEN = -1012 };

enum { EXIT_NOT_WHOLE = 89, EXIT_ORPHANED = 90 };

enum { ATTEMPTS = 256, MOST_ATTEMPTS = 40, MOST_FRAMES = 12, MOST_ROUNDS = 8, LONGEST_PARKING_NS = 500000000,
       LONGEST_UNLOCKING_NS = 5000000, SHORTEST_NAP_NS = 20000, LONGEST_NAP_NS = 1000000 };

/* Small pages of as many bytes take about so long where memory is at hand. */
enum { HUGE_PAGE = 2 << 20, SLOW_HUGE_PAGE_NS = 1000000 };

/* One thread of the process in one attempt; WholeForkPlan.java knows where its java and its tid lie. The signal that asks it to park bears the attempt's number. */
struct slot {
    byte *context;             /* its ucontext, once it is parked */
    byte *fs;                  /* its thread block */
    struct attempt *attempts;
    byte *java;                /* its JavaThread, or null */
    int tid;
    int ticket;                /* the attempt; its complement once the thread has come to it */
    int kept;                  /* whether it goes on in the child */
    int spare;
    char name[16];             /* for the child's copy */
};

struct known { int tid; int kind; char name[16]; };   /* kinds: */
enum { INTERNAL = 1, FOREIGN = 2 };

struct range { byte *from; long bytes; };
_Static_assert(sizeof(struct slot) == 64 && __builtin_offsetof(struct slot, attempts) == 16
        && __builtin_offsetof(struct slot, java) == 24 && __builtin_offsetof(struct slot, tid) == 32
        && sizeof(struct known) == 24 && sizeof(struct range) == 16, "WholeForkPlan.java and NativeThreads.java know these");
struct space { byte **top; byte **end; };
struct frame { void *method; long location; };

/* A Java thread, or a virtual one that is being carried. */
struct stop {
    void *thread;
    byte *java;                /* null: it is virtual, or has ended */
    int suspended;             /* 1, or 2 where it holds a lock */
    int idle;                  /* whether it goes on in the child: */
    int initializing;          /* whether it is initializing a class, or STARTING a thread */
    int carrier;               /* which stop carries it, counted from 1; 0 for none */
};
_Static_assert(sizeof(struct stop) == 32 && __builtin_offsetof(struct stop, suspended) == 16
        && __builtin_offsetof(struct stop, initializing) == 24, "StoppedThreads.java knows these");
/* Carriers are resumed by the child itself; the JVM's own are not suspended; who is awake has been given something to do. */
enum { STARTING = 2 };
enum { WORKER = 1, CARRIER = 2, JVMS_OWN = 3, AWAKE = 4 };

/* All that the code is told and tells; one field is 8 bytes. WholeFork.java has the same list. */
struct plan {
    long tid_at, robust_at, rseq_at, rseq_bytes;       /* 0, 8, 16, 24: in a thread block */
    byte *self;                                        /* the caller's thread block */
    long pid, tid;
    long signal;
    char *tasks;                                       /* "/proc/self/task" */
    struct attempt *attempts; long attempt;            /* 256 of them, and which comes next */
    struct slot *slots; long slot_room;                /* room for so many threads */
    struct known *known; long known_count;             /* threads that are not Java's, by number */
    struct range *code; long code_count;               /* where a thread may hold a lock of the C library's */
    byte *buffer; long buffer_bytes;                   /* for directory entries */
    byte **thread_list; long list_length_at, list_threads_at;
    long state_at, osthread_at, os_tid_at;
    long lock_stack_at, lock_base_at, owner_id_at;     /* lock_base_at is counted from the JavaThread */
    byte **monitors; long monitor_owner_at, monitor_next_at;
    byte *perf; long perf_bytes;
    byte **heap; long regions_at, region_count_at;     /* of G1; heap is null with other collectors */
    long region_bottom_at, region_end_at, region_type_at;
    struct space *spaces; long space_count;            /* of others */
    struct range *ranges; long range_room;
    long huge;                                         /* whether the child is to have huge pages there */
    void *jvmti, *jni;
    void *eetop;                                       /* field of Thread: its JavaThread */
    char **names; long name_count;                     /* Java threads of the JVM's own, which go on, */
    void **groups; long group_count;                   /* and the groups that they are in: programs have others */
    void **idle; long idle_count;                      /* methods in which a worker has nothing to do */
    void **delayed; long delayed_count;                /* those in which it waits for tasks whose time comes */
    struct stop *stops; long stop_room;
    void **threads; int *results;                      /* room for as many */
    long virtual_threads;                              /* whether those can be suspended, too */
    void *carrier, *virtual_thread;                    /* the classes of threads that carry virtual ones, and of those */
    long carried_at;                                   /* in a JavaThread: a handle of the virtual thread that it carries */
    byte *left_out;                                    /* the JavaThread that talks to other processes; told */
    long stop_count, range_count, thread_count, detail, retries, wiped;   /* told */
    long suspended_ns, parked_ns, forked_ns, released_ns, resumed_ns;     /* moments by the monotonic clock; told */
    long begun_ns;
    struct frame *frames;                              /* room for the 12 uppermost */
    long insists;                                      /* whether to fork though locks are held, when that was so for long */
    long initializing_at;                              /* in a JavaThread: the class that it is initializing */
    long patience, patience_committed;                 /* parked threads go on by themselves after so many seconds, and
                                                          after so many once the fork is under way */
    long cut, cut_at, cut_value;                       /* for tests: what happens at which step; cut is 0 otherwise */
    long steps, in_child;                              /* told where there is a cut */
    void *start;                                       /* the native method that starts a thread */
    long os_state_at, parked_state;                    /* in what OSThread says of a parked thread */
    long in_native, region_free;                       /* a thread's state, and the type of a region of G1 */
    long critical_at;                                  /* in a JavaThread: in how many of JNI's critical sections it is, where
                                                          the collector waits for these; else 0 */
    byte *collecting;                                  /* not 0 while a collection holds all threads */
    struct range *jvm_code; long jvm_code_count;       /* where a thread that is not Java's may hold a lock of the JVM's */
};

/*
 * A step is what somebody else can see. At the chosen one, counted from 1 and in the child from -1 down, the process kills or
 * stops itself, or the thread does nothing for so many milliseconds. Or the chosen system call is not made and fails with so
 * much, or all of one kind; system calls are counted instead of steps then.
 */
enum { CUT_KILL = 1, CUT_STOP = 2, CUT_NAP = 3, CUT_FAIL = 4, CUT_FAIL_ALL = 5 };
enum { CALL_LIST = 1, CALL_SIGNAL = 2, CALL_CLONE = 3, CALL_COUNTERS = 4, CALL_MOVE = 5, CALL_THREAD = 6 };

__attribute__((always_inline)) static inline long call6(long n, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#define CALL(n, a, b, c, d) call6(n, (long) (a), (long) (b), (long) (c), (long) (d), 0, 0)

enum { SYS_open = 2, SYS_close = 3, SYS_stat = 4, SYS_mmap = 9, SYS_sigaction = 13, SYS_sigprocmask = 14, SYS_mremap = 25, SYS_madvise = 28,
       SYS_nanosleep = 35, SYS_getpid = 39, SYS_clone = 56, SYS_wait4 = 61, SYS_kill = 62, SYS_prctl = 157, SYS_gettid = 186,
       SYS_futex = 202, SYS_getdents64 = 217, SYS_clock_gettime = 228, SYS_exit_group = 231, SYS_tgkill = 234, SYS_getppid = 110,
       SYS_set_robust_list = 273, SYS_tgsigqueueinfo = 297 };
enum { WAIT_PRIVATE = 128, WAKE_PRIVATE = 129, EVERYBODY = 1 << 30, ESRCH = 3, EAGAIN = 11,
       ENOMEM = 12, ENFILE = 23, EMFILE = 24, ETIMEDOUT = 110 };

#define NUMBER_MASK 0x0fffffff
/* What an attempt's state is stored as. */
static inline int word(long number, int state) {
    return (int) (number << 3) | state;
}

#define FIELD(type, object, at) (*(type volatile *) ((byte *) (object) + (at)))

/* Runs in each thread that the signal reaches, with all signals blocked, until the attempt is over. */
__attribute__((section(".text.1handler"), used)) void parked(int signal, long *info, byte *context) {
    struct slot *slot = (struct slot *) info[3];
    int ticket = ((int *) info)[5];
    struct attempt *attempt = &slot->attempts[ticket & (ATTEMPTS - 1)];
    int *state = &attempt->state;
    int patience = attempt->patience;
    int expected = ticket;
    if (__atomic_load_n(state, __ATOMIC_ACQUIRE) != word(ticket, PARKING)
            || !__atomic_compare_exchange_n(&slot->ticket, &expected, ~ticket, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        return; /* too late: nobody waits for it any more */
    }
    byte *fs;
    __asm__("mov %%fs:0, %0" : "=r"(fs));
    slot->fs = fs;
    __atomic_store_n(&slot->context, context, __ATOMIC_RELEASE);
    if (__atomic_add_fetch(&attempt->captured, 1, __ATOMIC_ACQ_REL) >= attempt->target) {
        CALL(SYS_futex, &attempt->captured, WAKE_PRIVATE, 1, 0);
    }
    int seconds = 0;
    for (;;) {
        int now = __atomic_load_n(state, __ATOMIC_ACQUIRE);
        if (now >> 3 != ticket || (now & 7) > FORKED) {
            return;
        }
        long second[2] = {1, 0};
        if (CALL(SYS_futex, state, WAIT_PRIVATE, now, second) != -ETIMEDOUT) {
            continue;
        }
        seconds++;
        if (seconds > ((now & 7) == PARKING ? patience & 0xffff : patience >> 16)
                && __atomic_compare_exchange_n(state, &now, word(ticket, ABANDONED), 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            CALL(SYS_futex, state, WAKE_PRIVATE, EVERYBODY, 0);
        }
    }
}

/* How a thread goes on in the child: on its own stack, from its own signal frame. */
__asm__(
    "    .section .text.2assembly, \"ax\"\n"
    "    .globl revive\n"
    /* int revive(context, fs, plan, name) */
    "revive:\n"
    "    push %rbx\n    push %rbp\n    push %r12\n"
    "    mov %rsi, %rbx\n"
    "    mov %rdx, %rbp\n"
    "    mov %rcx, %r12\n"
    "    mov %rdi, %rsi\n"             /* the stack begins at the context */
    "    mov 0(%rbp), %rdx\n"
    "    add %rbx, %rdx\n"             /* its number, for the kernel to write, and to clear at its end */
    "    mov %rdx, %r10\n"
    "    mov %rbx, %r8\n"
    "    mov $0x3d0f00, %edi\n"        /* as pthread_create: VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, SETTIDs */
    "    mov $56, %eax\n"
    "    syscall\n"
    "    test %eax, %eax\n"
    "    jz 1f\n"
    "    pop %r12\n    pop %rbp\n    pop %rbx\n"
    "    ret\n"
    "1:  mov 8(%rbp), %rdi\n"
    "    add %rbx, %rdi\n"
    "    mov $24, %esi\n"
    "    mov $273, %eax\n"             /* set_robust_list */
    "    syscall\n"
    "    mov 24(%rbp), %rsi\n"
    "    test %esi, %esi\n"
    "    jz 2f\n"
    "    mov 16(%rbp), %rdi\n"
    "    add %rbx, %rdi\n"
    "    xor %edx, %edx\n"
    "    mov $0x53053053, %r10d\n"
    "    mov $334, %eax\n"             /* rseq */
    "    syscall\n"
    "2:  cmpb $0, (%r12)\n"
    "    je 3f\n"
    "    mov %r12, %rsi\n"
    "    mov $15, %edi\n"
    "    mov $157, %eax\n"             /* prctl(PR_SET_NAME) */
    "    syscall\n"
    "3:  mov $15, %eax\n"              /* rt_sigreturn: the stack pointer is where the handler's would be */
    "    syscall\n"
    "    .text\n");
extern int revive(byte *context, byte *fs, struct plan *plan, char *name) __attribute__((visibility("hidden")));

static long now_ns(void) {
    long time[2];
    CALL(SYS_clock_gettime, 1, time, 0, 0);
    return time[0] * 1000000000L + time[1];
}

static void nap(long ns) {
    long time[2] = {0, ns};
    CALL(SYS_nanosleep, time, 0, 0, 0);
}

/* Counts a step, or a call that may fail; whether it is the one. */
static int is_reached(struct plan *plan) {
    plan->steps++;
    return plan->steps == (plan->in_child ? -plan->cut_at : plan->cut_at);
}

__attribute__((noinline)) static void cut(struct plan *plan) {
    if (plan->cut >= CUT_FAIL || !is_reached(plan)) {
        return;
    }
    if (plan->cut == CUT_NAP) {
        long time[2] = {plan->cut_value / 1000, plan->cut_value % 1000 * 1000000};
        CALL(SYS_nanosleep, time, 0, 0, 0);
    } else {
        CALL(SYS_kill, CALL(SYS_getpid, 0, 0, 0, 0), plan->cut == CUT_KILL ? 9 : 19, 0, 0);
    }
}

__attribute__((noinline)) static long cut_call(struct plan *plan, int kind) {
    int fails = plan->cut == CUT_FAIL ? is_reached(plan) : plan->cut == CUT_FAIL_ALL && plan->cut_at == kind;
    return fails ? -plan->cut_value : 0;
}

__attribute__((always_inline)) static inline void step(struct plan *plan) {
    if (plan->cut != 0) {
        cut(plan);
    }
}

/* What the system call that comes now is to fail with, negative; else 0. */
__attribute__((always_inline)) static inline long failure(struct plan *plan, int kind) {
    return plan->cut != 0 ? cut_call(plan, kind) : 0;
}

static void release(struct plan *plan, int *state, int to) {
    __atomic_store_n(state, word(plan->attempt, to), __ATOMIC_RELEASE);
    CALL(SYS_futex, state, WAKE_PRIVATE, EVERYBODY, 0);
}

/* Whether nobody has given up waiting: whoever has may be gone by now, together with the stack that his registers are on. */
static int is_parking(struct plan *plan, int *state) {
    return __atomic_load_n(state, __ATOMIC_ACQUIRE) == word(plan->attempt, PARKING);
}

/* Brings the attempt a step further; else what its state was instead. */
static int move(struct plan *plan, int *state, int from, int to) {
    int expected = word(plan->attempt, from);
    __atomic_compare_exchange_n(state, &expected, word(plan->attempt, to), 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return expected;
}

/* Puts all other threads of the process into slots; how many, or an error. */
static long list_threads(struct plan *plan) {
    long fd = failure(plan, CALL_LIST);
    fd = fd < 0 ? fd : CALL(SYS_open, plan->tasks, 0x90000 /* O_DIRECTORY | O_CLOEXEC */, 0, 0);
    if (fd < 0) {
        return fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM ? fd : REFUSED; /* a limit may be another one later */
    }
    long count = 0;
    for (;;) {
        long got = CALL(SYS_getdents64, fd, plan->buffer, plan->buffer_bytes, 0);
        if (got <= 0) {
            count = got < 0 ? REFUSED : count;
            break;
        }
        for (byte *at = plan->buffer; at < plan->buffer + got; at += FIELD(unsigned short, at, 16)) {
            int tid = 0;
            for (byte *digit = at + 19; *digit >= '0' && *digit <= '9'; digit++) {
                tid = tid * 10 + (*digit - '0');
            }
            if (tid == 0 || tid == plan->tid) {
                continue;
            }
            if (count == plan->slot_room) {
                plan->detail = count;
                count = TOO_MANY;
                got = 0;
                break;
            }
            struct slot *slot = &plan->slots[count++];
            int before = __atomic_exchange_n(&slot->ticket, (int) plan->attempt, __ATOMIC_ACQ_REL);
            if (before < 0 && __atomic_load_n(&slot->context, __ATOMIC_ACQUIRE) == 0) {
                plan->detail = slot->tid; /* it has come late to an attempt before, and is about to write here */
                count = SILENT;
                got = 0;
                break;
            }
            slot->tid = tid;
            slot->context = 0;
            slot->java = 0;
            slot->kept = 0;
            slot->name[0] = 0;
        }
        if (count < 0) {
            break;
        }
    }
    CALL(SYS_close, fd, 0, 0, 0);
    return count;
}

/* Whether one that has been asked to park has ended instead. */
static int has_one_ended(struct plan *plan, long count) {
    for (long i = 0; i < count; i++) {
        struct slot *slot = &plan->slots[i];
        if (__atomic_load_n(&slot->context, __ATOMIC_ACQUIRE) == 0
                && CALL(SYS_tgkill, plan->pid, slot->tid, 0, 0) == -ESRCH) {
            return 1;
        }
    }
    return 0;
}

/* Parks all other threads; 0, or why not. From here to the release nothing may need any of them. */
static long park_all(struct plan *plan, struct attempt *attempt) {
    long count = list_threads(plan);
    if (count < 0) {
        return count;
    }
    plan->thread_count = count;
    attempt->captured = 0;
    attempt->target = (int) count;
    attempt->patience = (int) (plan->patience | plan->patience_committed << 16);
    __atomic_store_n(&attempt->state, word(plan->attempt, PARKING), __ATOMIC_RELEASE);
    for (long i = 0; i < count; i++) {
        long info[16];
        for (int k = 0; k < 16; k++) {
            info[k] = 0;
        }
        ((int *) info)[0] = plan->signal;
        ((int *) info)[2] = -1;                 /* SI_QUEUE */
        ((int *) info)[4] = plan->pid;
        ((int *) info)[5] = plan->attempt;      /* where a user's number would be */
        info[3] = (long) &plan->slots[i];
        long error = failure(plan, CALL_SIGNAL);
        error = error != 0 ? error : CALL(SYS_tgsigqueueinfo, plan->pid, plan->slots[i].tid, plan->signal, info);
        if (error != 0) {
            plan->detail = plan->slots[i].tid;
            return error == -EAGAIN ? SIGNALS : error == -ESRCH ? CHANGING : REFUSED; /* too many are queued; it has ended since */
        }
        step(plan);
    }
    long deadline = now_ns() + LONGEST_PARKING_NS;
    int captured = __atomic_load_n(&attempt->captured, __ATOMIC_ACQUIRE);
    while (captured < count && is_parking(plan, &attempt->state) && now_ns() < deadline) {
        long time[2] = {0, 10000000};
        if (CALL(SYS_futex, &attempt->captured, WAIT_PRIVATE, captured, time) == -ETIMEDOUT && has_one_ended(plan, count)) {
            return CHANGING;
        }
        captured = __atomic_load_n(&attempt->captured, __ATOMIC_ACQUIRE);
    }
    step(plan);
    if (!is_parking(plan, &attempt->state)) {
        return LATE; /* those that were asked since then have not parked */
    }
    for (long i = 0; i < count; i++) {
        if (__atomic_load_n(&plan->slots[i].context, __ATOMIC_ACQUIRE) == 0) {
            plan->detail = plan->slots[i].tid;
            return SILENT;
        }
    }
    long status[18];
    if (CALL(SYS_stat, plan->tasks, status, 0, 0) != 0) {
        return REFUSED;
    }
    return status[2] == count + 3 ? 0 : CHANGING; /* links of the directory: two, and one for each thread */
}

/* The stop of a Java thread, or null; looked for from a hint on, as both lists are in one order, nearly always. */
static struct stop *stop_of(struct plan *plan, byte *java, long *hint) {
    for (long k = 0; k < plan->stop_count; k++) {
        struct stop *stop = &plan->stops[*hint];
        *hint = *hint + 1 >= plan->stop_count ? 0 : *hint + 1;
        if (stop->java == java) {
            return stop;
        }
    }
    return 0;
}

/* Where in the C library the thread of a slot stands: nowhere, at a system call that will be begun again, or inside. */
enum { OUTSIDE = 0, AT_CALL = 1, INSIDE = 2 };
static int place_in_libc(struct plan *plan, struct slot *slot) {
    byte *ip = FIELD(byte *, slot->context, 168);
    long rax = FIELD(long, slot->context, 144);
    for (long r = 0; r < plan->code_count; r++) {
        byte *from = plan->code[r].from;
        if (ip >= from && ip < from + plan->code[r].bytes) {
            int restarts = ip[0] == 0x0f && ip[1] == 0x05;
            int interrupted = ip[-2] == 0x0f && ip[-1] == 0x05 && rax == -4;
            return restarts || interrupted ? AT_CALL : INSIDE;
        }
    }
    return OUTSIDE;
}

static int is_in_jvm(struct plan *plan, struct slot *slot) {
    byte *ip = FIELD(byte *, slot->context, 168);
    for (long r = 0; r < plan->jvm_code_count; r++) {
        if (ip >= plan->jvm_code[r].from && ip < plan->jvm_code[r].from + plan->jvm_code[r].bytes) {
            return 1;
        }
    }
    return 0;
}

/*
 * Whether a thread that waits for a condition will go on waiting. Who has been woken may not have had a processor since, and
 * still stand where it will call the kernel again, which then finds another value in the word than the one to wait at.
 */
static int is_at_wait(struct plan *plan, struct slot *slot) {
    int *word = FIELD(int *, slot->context, 104);
    long rax = FIELD(long, slot->context, 144);
    return (rax == SYS_futex || rax == -4) && place_in_libc(plan, slot) == AT_CALL && word != 0 && ((long) word & 3) == 0
            && __atomic_load_n(word, __ATOMIC_ACQUIRE) == FIELD(int, slot->context, 136);
}

/* Says of each thread whether it goes on in the child, or returns why there must not be one now. */
static long classify(struct plan *plan) {
    struct slot *slots = plan->slots;
    long count = plan->thread_count;
    byte *list = *plan->thread_list;
    long length = FIELD(uint, list, plan->list_length_at);
    byte **threads = FIELD(byte **, list, plan->list_threads_at);
    void *plain = 0;
    for (long i = 0; i < length; i++) {
        byte *os = FIELD(byte *, threads[i], plan->osthread_at);
        if (os != 0 && FIELD(int, os, plan->os_tid_at) == plan->tid) {
            plain = *(void **) threads[i];
        }
    }
    long at = 0; /* both lists are in the order in which threads were made, nearly always */
    long hint = 0;
    for (long i = 0; i < length; i++) {
        byte *java = threads[i];
        byte *os = FIELD(byte *, java, plan->osthread_at);
        int tid = os == 0 ? 0 : FIELD(int, os, plan->os_tid_at);
        struct stop *stop = stop_of(plan, java, &hint);
        if (stop != 0 && stop->idle != JVMS_OWN && !stop->suspended) {
            stop->java = 0; /* it could not be suspended; one that is cannot end, so that no other comes to lie there */
            stop = 0;
        }
        if (stop == 0 && *(void **) java == plain && tid != plan->tid) {
            plan->detail = tid; /* it was started after the others had been suspended, and would run on in the child */
            return FRESH;
        }
        int in_native = FIELD(int, java, plan->state_at) == (int) plan->in_native;
        int is_jvms = stop == 0 || stop->idle == JVMS_OWN;
        for (long k = 0; k < count && tid != 0; k++) {
            struct slot *slot = &slots[at];
            at = at + 1 == count ? 0 : at + 1;
            if (slot->tid == tid) {
                slot->java = java;
                slot->kept = java != plan->left_out && (!in_native || is_jvms);
                if (stop != 0 && (stop->idle == WORKER || stop->idle == AWAKE)) {
                    int waits = FIELD(int, os, plan->os_state_at) == plan->parked_state && is_at_wait(plan, slot);
                    stop->idle = waits ? WORKER : AWAKE; /* it would do in the child what it was woken for */
                }
                break;
            }
        }
    }
    for (long i = 0; i < count; i++) {
        struct slot *slot = &slots[i];
        struct known *known = plan->known;
        struct known *end = known + plan->known_count;
        while (known < end && known->tid != slot->tid) {
            known++;
        }
        if (known == end && slot->java == 0) {
            plan->detail = slot->tid;
            return UNKNOWN;
        }
        if (known < end) {
            slot->kept = slot->java == 0 ? known->kind == INTERNAL : slot->kept;
            for (int k = 0; k < 16; k++) {
                slot->name[k] = known->name[k];
            }
        }
        if (!slot->kept && (place_in_libc(plan, slot) == INSIDE || (slot->java == 0 && is_in_jvm(plan, slot)))) {
            plan->detail = slot->tid;
            return UNSAFE;
        }
    }
    return 0;
}

/* A virtual thread lets go of a lock only where its carrier goes on with it: marks both where one is marked. */
static void mark_carried(struct plan *plan) {
    for (long i = 0; i < plan->stop_count; i++) {
        struct stop *stop = &plan->stops[i];
        struct stop *carrier = stop->carrier != 0 ? &plan->stops[stop->carrier - 1] : 0;
        if (carrier != 0 && stop->suspended && carrier->suspended && stop->suspended + carrier->suspended > 2) {
            stop->suspended = 2;
            carrier->suspended = 2;
        }
    }
}

/*
 * Whether a suspended thread is inside synchronized code, as far as its own notes say, or is initializing a class; marks all
 * that are.
 */
static int find_locking(struct plan *plan) {
    int found = 0;
    for (long i = 0; i < plan->stop_count; i++) {
        struct stop *stop = &plan->stops[i];
        stop->suspended = stop->suspended != 0;
        int locks = stop->java != 0 && FIELD(uint, stop->java, plan->lock_stack_at) != (uint) plan->lock_base_at;
        if (stop->suspended && !stop->idle && (locks || stop->initializing)) {
            stop->suspended = 2;
            found = 1;
        }
    }
    mark_carried(plan);
    return found;
}

/* The same for all monitors, which may be looked at only while nobody moves. */
static int find_owners(struct plan *plan) {
    int found = find_locking(plan);
    long seen = 0;
    for (byte *monitor = *plan->monitors; monitor != 0 && seen < 1000000; seen++) {
        long owner = FIELD(long, monitor, plan->monitor_owner_at);
        for (long i = 0; owner != 0 && i < plan->stop_count; i++) {
            struct stop *stop = &plan->stops[i];
            if (stop->suspended && stop->java != 0 && !stop->idle
                    && FIELD(long, stop->java, plan->owner_id_at) == owner) {
                stop->suspended = 2;
                found = 1;
            }
        }
        monitor = FIELD(byte *, monitor, plan->monitor_next_at);
    }
    mark_carried(plan);
    return found;
}

/*
 * Whether a worker was given something to do before it could be suspended. It is let go, so that it comes as far as being busy
 * or idle; where that has lasted for long, it counts as busy.
 */
static int find_awake(struct plan *plan, int late) {
    int found = 0;
    for (long i = 0; i < plan->stop_count; i++) {
        struct stop *stop = &plan->stops[i];
        if (stop->idle == AWAKE) {
            stop->idle = late ? 0 : AWAKE;
            stop->suspended = late ? stop->suspended : 2;
            found |= !late;
        }
    }
    return found;
}

/*
 * Whether a suspended thread is about to start another: the JVM lets it come to the end of that, and so it would start one in
 * the child. No fork is made at such a moment.
 */
static int find_starting(struct plan *plan) {
    int found = 0;
    for (long i = 0; i < plan->stop_count; i++) {
        struct stop *stop = &plan->stops[i];
        if (stop->suspended && stop->initializing == STARTING) {
            stop->suspended = 2;
            found = 1;
        }
    }
    return found;
}

/* The kernel's number of a thread that has to go on first, or of who carries it; 0 where there is none. All are suspended. */
static long holder(struct plan *plan) {
    for (long i = 0; i < plan->stop_count; i++) {
        struct stop *stop = &plan->stops[i];
        if (stop->suspended == 2) {
            byte *java = stop->carrier != 0 ? plan->stops[stop->carrier - 1].java : stop->java;
            if (java != 0) {
                return FIELD(int, FIELD(byte *, java, plan->osthread_at), plan->os_tid_at);
            }
        }
    }
    return 0;
}

static void add_range(struct plan *plan, byte *from, byte *to) {
    struct range *last = &plan->ranges[plan->range_count - 1];
    if (to <= from) {
        return;
    }
    if (plan->range_count > 0 && last->from + last->bytes == from) {
        last->bytes += to - from;
    } else if (plan->range_count < plan->range_room) {
        plan->ranges[plan->range_count].from = from;
        plan->ranges[plan->range_count].bytes = to - from;
        plan->range_count++;
    }
}

/* The parts of the heap in which there is nothing. */
static void find_free(struct plan *plan) {
    plan->range_count = 0;
    plan->wiped = 0;
    if (*plan->collecting) {
        return; /* a region that it is filling may still say that it is free */
    }
    if (plan->heap != 0) {
        byte *table = *plan->heap + plan->regions_at;
        byte **regions = FIELD(byte **, table, 0);
        long count = FIELD(long, table, plan->region_count_at);
        for (long i = 0; i < count; i++) {
            byte *region = regions[i];
            if (region != 0 && FIELD(uint, region, plan->region_type_at) == (uint) plan->region_free) {
                add_range(plan, FIELD(byte *, region, plan->region_bottom_at), FIELD(byte *, region, plan->region_end_at));
            }
        }
    }
    for (long i = 0; i < plan->space_count; i++) {
        long top = ((long) *plan->spaces[i].top + 4095) & -4096L;
        add_range(plan, (byte *) top, (byte *) ((long) *plan->spaces[i].end & -4096L));
    }
}

static void advise(struct plan *plan, int advice) {
    for (long i = 0; i < plan->range_count; i++) {
        CALL(SYS_madvise, plan->ranges[i].from, plan->ranges[i].bytes, advice, 0);
        plan->wiped += advice == 18 ? plan->ranges[i].bytes : 0;
    }
}

/*
 * Whether the kernel takes longer over a huge page than over as many small ones, by trying one. It does in a virtual machine
 * whose host has to find the memory first: small pages come from what was used a moment ago, huge ones from what never was.
 */
static int is_huge_slow(struct plan *plan) {
    for (long i = 0; i < plan->range_count; i++) {
        byte *page = (byte *) (((long) plan->ranges[i].from + HUGE_PAGE - 1) & -(long) HUGE_PAGE);
        if (page + HUGE_PAGE <= plan->ranges[i].from + plan->ranges[i].bytes) {
            long before[2];
            long after[2];
            CALL(SYS_clock_gettime, 3 /* of this thread */, before, 0, 0);
            long result = CALL(SYS_madvise, page, HUGE_PAGE, 23 /* MADV_POPULATE_WRITE */, 0);
            CALL(SYS_clock_gettime, 3, after, 0, 0);
            if (result == 0) { /* else the heap has given that part back, or the kernel is older than 5.14 */
                return (after[0] - before[0]) * 1000000000L + after[1] - before[1] > SLOW_HUGE_PAGE_NS;
            }
        }
    }
    return 0;
}

/* The JVM's counters lie in a file that others map; the child goes on with a copy. */
static void copy_counters(struct plan *plan) {
    if (plan->perf == 0) {
        return;
    }
    long copy = failure(plan, CALL_COUNTERS);
    copy = copy < 0 ? copy : call6(SYS_mmap, 0, plan->perf_bytes, 3, 0x22, -1, 0);
    if (copy < 0) {
        CALL(SYS_exit_group, EXIT_NOT_WHOLE, 0, 0, 0);
    }
    for (long i = 0; i < plan->perf_bytes; i += 8) {
        FIELD(long, copy, i) = FIELD(long, plan->perf, i);
    }
    long moved = failure(plan, CALL_MOVE);
    moved = moved < 0 ? moved
            : call6(SYS_mremap, copy, plan->perf_bytes, plan->perf_bytes, 3 /* to that address */, (long) plan->perf, 0);
    if (moved < 0) {
        CALL(SYS_exit_group, EXIT_NOT_WHOLE, 0, 0, 0); /* it would count in its parent's file */
    }
}

/*
 * Collectors wait until no thread is inside a critical section of JNI's, so those that will never go on are taken out of theirs:
 * they do not look any more at the array that then moves.
 */
static void leave_critical(struct plan *plan) {
    for (long i = 0; i < plan->stop_count && plan->critical_at != 0; i++) {
        struct stop *stop = &plan->stops[i];
        if (stop->java != 0 && (stop->java == plan->left_out || (stop->suspended && stop->idle == 0))) {
            FIELD(int, stop->java, plan->critical_at) = 0;
        }
    }
}

/* Signals that end a JVM would run the parent's shutdown hooks here. */
static void be_mortal(void) {
    for (int signal = 1; signal <= 15; signal++) {
        if (signal == 1 || signal == 2 || signal == 15) { /* SIGHUP, SIGINT, SIGTERM */
            long action[4] = {0, 0, 0, 0};
            CALL(SYS_sigaction, signal, 0, action, 8);
            if (action[0] != 1 /* SIG_IGN */) {
                action[0] = action[1] = action[2] = action[3] = 0; /* SIG_DFL */
                CALL(SYS_sigaction, signal, action, 0, 8);
            }
        }
    }
}

/* In the child: makes it a whole JVM. */
static void become_whole(struct plan *plan, int *state) {
    if (move(plan, state, COMMITTED, FORKED) == word(plan->attempt, ABANDONED)) {
        CALL(SYS_exit_group, EXIT_NOT_WHOLE, 0, 0, 0); /* somebody moved while the memory was copied */
    }
    step(plan);
    CALL(SYS_set_robust_list, plan->self + plan->robust_at, 24, 0, 0);
    CALL(SYS_prctl, 1 /* PR_SET_PDEATHSIG */, 9, 0, 0);
    if (CALL(SYS_getppid, 0, 0, 0, 0) != plan->pid) {
        CALL(SYS_exit_group, EXIT_ORPHANED, 0, 0, 0);
    }
    step(plan);
    copy_counters(plan);
    step(plan);
    leave_critical(plan);
    be_mortal();
    byte *list = *plan->thread_list;
    byte **threads = FIELD(byte **, list, plan->list_threads_at);
    long length = FIELD(uint, list, plan->list_length_at);
    for (long i = 0; i < length; i++) {
        byte *os = FIELD(byte *, threads[i], plan->osthread_at);
        if (os != 0 && FIELD(int, os, plan->os_tid_at) == plan->tid) {
            FIELD(int, os, plan->os_tid_at) = CALL(SYS_gettid, 0, 0, 0, 0);
        }
    }
    for (long i = 0; i < plan->thread_count; i++) {
        struct slot *slot = &plan->slots[i];
        if (slot->kept) {
            long error = failure(plan, CALL_THREAD);
            int tid = error < 0 ? (int) error : revive(slot->context, slot->fs, plan, slot->name);
            if (tid < 0) {
                CALL(SYS_exit_group, EXIT_NOT_WHOLE, 0, 0, 0);
            }
            if (slot->java != 0) {
                FIELD(int, FIELD(byte *, slot->java, plan->osthread_at), plan->os_tid_at) = tid;
            }
            step(plan);
        }
    }
}

typedef int (*jvmti_2)(void *, long, void *);
typedef int (*jvmti_3)(void *, long, void *, void *);
#define JVMTI(plan, index) ((*(void ***) (plan)->jvmti)[(index) - 1])
#define JNI(plan, index) ((*(void ***) (plan)->jni)[index])

enum { SUSPEND = 92, RESUME = 93, ALL = 0, OWNERS = 1, IDLE = 2 };

static int change(struct plan *plan, int function, int which) {
    int count = 0;
    for (long i = 0; i < plan->stop_count; i++) {
        struct stop *stop = &plan->stops[i];
        if (which == ALL ? stop->suspended != 0 : which == OWNERS ? stop->suspended == 2
                                  : stop->suspended != 0 && stop->idle == WORKER) {
            plan->threads[count++] = stop->thread;
        }
    }
    return count == 0 ? 0 : ((jvmti_3) JVMTI(plan, function))(plan->jvmti, count, plan->threads, plan->results);
}

static int is_same(const char *a, const char *b) {
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static int is_one(struct plan *plan, void *a, void *b) {
    return ((byte (*)(void *, void *, void *)) JNI(plan, 24))(plan->jni, a, b); /* IsSameObject */
}

/*
 * Whether a Java thread is one of the JVM's own, by its name and group; -1 where it has ended. The first name is that of the one
 * which must not go on.
 */
static int goes_on(struct plan *plan, void *thread, byte *java) {
    struct { char *name; int priority; int daemon; void *group; void *loader; } info;
    if (((jvmti_2) JVMTI(plan, 9))(plan->jvmti, (long) thread, &info) != 0) {
        return -1;
    }
    int found = 0;
    int is_own = 0;
    for (long i = 0; i < plan->group_count; i++) {
        is_own |= info.group != 0 && is_one(plan, info.group, plan->groups[i]);
    }
    for (long i = 0; is_own && i < plan->name_count; i++) {
        if (is_same(info.name, plan->names[i])) {
            found = 1;
            plan->left_out = i == 0 ? java : plan->left_out;
        }
    }
    ((jvmti_2) JVMTI(plan, 47))(plan->jvmti, (long) info.name, 0); /* Deallocate */
    return found;
}

static int stack_of(struct plan *plan, void *thread) {
    int count = 0;
    int error = ((int (*)(void *, void *, int, int, void *, int *)) JVMTI(plan, 104))(plan->jvmti, thread, 0, MOST_FRAMES,
            plan->frames, &count);
    return error == 0 ? count : 0;
}

static int is_among(void *method, void **methods, long count) {
    for (long i = 0; i < count; i++) {
        if (methods[i] == method) {
            return 1;
        }
    }
    return 0;
}

/*
 * Looks at a suspended thread: whether it is a worker with nothing to do, or is initializing a class. Who initializes one on
 * behalf of a virtual thread is the carrier.
 */
static void examine(struct plan *plan, struct stop *stop) {
    stop->idle = 0;
    stop->initializing = stop->java != 0 && FIELD(void *, stop->java, plan->initializing_at) != 0;
    int count = stack_of(plan, stop->thread);
    if (count > 0 && plan->frames[0].method == plan->start) {
        stop->initializing = STARTING;
        return;
    }
    int idle = 0;
    for (int i = 0; i < count; i++) {
        if (is_among(plan->frames[i].method, plan->delayed, plan->delayed_count)) {
            return; /* it would do in the child what is to be done in the parent */
        }
        idle |= is_among(plan->frames[i].method, plan->idle, plan->idle_count);
    }
    stop->idle = idle && stop->java != 0 ? WORKER : 0;
}

static int is_a(struct plan *plan, void *object, void *type) {
    return ((byte (*)(void *, void *, void *)) JNI(plan, 32))(plan->jni, object, type); /* IsInstanceOf */
}

static struct stop *add_stop(struct plan *plan, void *thread, byte *java) {
    struct stop *stop = &plan->stops[plan->stop_count++];
    stop->thread = ((void *(*)(void *, void *)) JNI(plan, 21))(plan->jni, thread); /* NewGlobalRef */
    stop->java = java;
    stop->suspended = 0;
    stop->idle = 0;
    stop->initializing = 0;
    stop->carrier = 0;
    return stop;
}

/* Suspends the stops from one on, but for the JVM's own. */
static void suspend_from(struct plan *plan, long first) {
    int count = 0;
    for (long i = first; i < plan->stop_count; i++) {
        if (plan->stops[i].idle != JVMS_OWN) {
            plan->threads[count++] = plan->stops[i].thread;
        }
    }
    if (count == 0) {
        return;
    }
    ((jvmti_3) JVMTI(plan, SUSPEND))(plan->jvmti, count, plan->threads, plan->results);
    step(plan);
    count = 0;
    for (long i = first; i < plan->stop_count; i++) {
        struct stop *stop = &plan->stops[i];
        if (stop->idle != JVMS_OWN) {
            int result = plan->results[count++];
            stop->suspended = result == 0;
            if (result == 14) {
                stop->idle = JVMS_OWN; /* somebody else's to resume: an agent's, or this is a child that does not have it */
            } else if (result != 0) {
                stop->java = 0; /* it is not alive any more, as a rule; else it is found to be running, and asked again */
            } else {
                examine(plan, stop);
            }
        }
    }
}

/* Suspends the virtual threads that are being carried. No carrier that is suspended takes another one. */
static long suspend_carried(struct plan *plan) {
    long before = plan->stop_count;
    for (long i = 0; i < before; i++) {
        struct stop *carrier = &plan->stops[i];
        if (carrier->java == 0 || carrier->idle == JVMS_OWN || !is_a(plan, carrier->thread, plan->carrier)) {
            continue;
        }
        carrier->idle = carrier->idle ? CARRIER : 0;
        void *carried = FIELD(void *, carrier->java, plan->carried_at); /* a handle is what JNI has as a local reference */
        int known = carried == 0 || !is_a(plan, carried, plan->virtual_thread);
        for (long k = 0; k < before && !known; k++) {
            known = plan->stops[k].carrier != 0 && is_one(plan, plan->stops[k].thread, carried);
        }
        if (known) {
            continue;
        }
        if (plan->stop_count == plan->stop_room) {
            return TOO_MANY;
        }
        add_stop(plan, carried, 0)->carrier = i + 1;
    }
    suspend_from(plan, before);
    return 0;
}

/* Notes the Java threads that are not known yet, and suspends those that the child shall not have; 0, or why not. */
static long suspend_fresh(struct plan *plan, void *self) {
    int count = 0;
    void **threads = 0;
    if (((jvmti_2) JVMTI(plan, 4))(plan->jvmti, (long) &count, &threads) != 0) { /* GetAllThreads */
        return REFUSED;
    }
    long before = plan->stop_count;
    long hint = 0;
    long error = 0;
    for (int i = 0; i < count && error == 0; i++) {
        byte *java = (byte *) ((long (*)(void *, void *, void *)) JNI(plan, 101))(plan->jni, threads[i], plan->eetop);
        if (java == 0 || is_one(plan, threads[i], self) || (before > 0 && stop_of(plan, java, &hint) != 0)) {
            continue;
        }
        int own = goes_on(plan, threads[i], java);
        if (own < 0) {
            continue;
        }
        if (plan->stop_count == plan->stop_room) {
            error = TOO_MANY;
            plan->detail = count;
        } else if (own) {
            add_stop(plan, threads[i], java)->idle = JVMS_OWN;
        } else if (!plan->virtual_threads && is_a(plan, threads[i], plan->carrier)) {
            error = CARRIERS; /* what it carries would run on */
        } else {
            add_stop(plan, threads[i], java);
        }
    }
    ((jvmti_2) JVMTI(plan, 47))(plan->jvmti, (long) threads, 0);
    suspend_from(plan, before);
    return error;
}

/* Suspends all Java threads that the child shall not have and that are not suspended yet; 0, or why not. */
static long suspend_all(struct plan *plan) {
    ((int (*)(void *, int)) JNI(plan, 19))(plan->jni, 64); /* PushLocalFrame */
    void *self = 0;
    ((jvmti_2) JVMTI(plan, 18))(plan->jvmti, (long) &self, 0); /* GetCurrentThread */
    long result = CHANGING;
    for (int round = 0; round < MOST_ROUNDS && result == CHANGING; round++) {
        long before = plan->stop_count;
        result = suspend_fresh(plan, self);
        if (result == 0 && plan->stop_count > before) {
            result = CHANGING; /* one that was running may have started another */
        }
    }
    if (result == 0 && plan->virtual_threads) {
        result = suspend_carried(plan);
    }
    ((void *(*)(void *, void *)) JNI(plan, 20))(plan->jni, 0); /* PopLocalFrame */
    return result;
}

/*
 * Lets those that hold locks go on for a while; the longer, the more often that had to be done. They may end meanwhile,
 * start others, or carry other virtual threads.
 */
static long let_unlock(struct plan *plan, long *longest) {
    change(plan, RESUME, OWNERS);
    step(plan);
    nap(*longest);
    *longest = *longest < LONGEST_NAP_NS ? 2 * *longest : SHORTEST_NAP_NS;
    change(plan, SUSPEND, OWNERS);
    step(plan);
    int count = 0;
    for (long i = 0; i < plan->stop_count; i++) {
        struct stop *stop = &plan->stops[i];
        if (stop->suspended != 2) {
            continue;
        }
        if (plan->results[count++] != 0) {
            stop->suspended = 0;
            stop->java = 0;
            stop->initializing = 0;
        } else {
            examine(plan, stop);
        }
    }
    return suspend_all(plan);
}

/* Waits a moment for threads that come, go, or are inside the C library. */
static long settle(struct plan *plan, long why) {
    nap(SHORTEST_NAP_NS << (plan->retries & 3));
    return why == FRESH || why == CHANGING ? suspend_all(plan) : 0;
}

static void resume_all(struct plan *plan) {
    change(plan, RESUME, ALL);
    step(plan);
    for (long i = 0; i < plan->stop_count; i++) {
        ((void (*)(void *, void *)) JNI(plan, 22))(plan->jni, plan->stops[i].thread); /* DeleteGlobalRef */
    }
}

/* Forks while all stand still; the child's number, 0 in the child, or why there is none. */
static long fork_parked(struct plan *plan, int *state) {
    if (move(plan, state, PARKING, COMMITTED) != word(plan->attempt, PARKING)) {
        return LATE;
    }
    step(plan);
    find_free(plan);
    advise(plan, 18); /* MADV_WIPEONFORK */
    step(plan);
    long child = failure(plan, CALL_CLONE);
    child = child < 0 ? child : call6(SYS_clone, 0x01200000 | 17 /* CHILD_SETTID | CHILD_CLEARTID | SIGCHLD */, 0, 0,
            (long) (plan->self + plan->tid_at), 0, 0);
    if (child == 0) {
        plan->in_child = 1;
        plan->steps = 0;
    }
    step(plan);
    advise(plan, 19); /* MADV_KEEPONFORK, in both */
    step(plan);
    if (child == 0) {
        if (plan->huge) {
            advise(plan, 14); /* MADV_HUGEPAGE */
            if (is_huge_slow(plan)) {
                advise(plan, 15); /* MADV_NOHUGEPAGE */
            }
        }
        become_whole(plan, state);
        return 0;
    }
    if (move(plan, state, COMMITTED, FORKED) == word(plan->attempt, ABANDONED) && child > 0) {
        CALL(SYS_kill, child, 9, 0, 0);
        CALL(SYS_wait4, child, 0, 0, 0);
        return LATE;
    }
    step(plan);
    return child;
}

/* The whole of it, once the plan is filled in. Called from Java as a native method, so that safepoints need not wait. */
__attribute__((section(".text.0entry"), used)) long whole_fork(struct plan *plan) {
    plan->retries = 0;
    plan->range_count = 0;
    plan->begun_ns = now_ns();
    plan->stop_count = 0;
    plan->left_out = 0;
    plan->in_child = 0;
    long action[4] = {0, 0, 0, 0};
    CALL(SYS_sigaction, plan->signal, 0, action, 8);
    long result = action[0] == (long) parked ? suspend_all(plan) : STOLEN;
    long unlocking = now_ns(); /* suspending many threads takes its time, which is not theirs who hold locks */
    long longest = SHORTEST_NAP_NS;
    while (result == 0 && find_locking(plan)) {
        if (now_ns() - unlocking >= LONGEST_UNLOCKING_NS) {
            result = plan->insists ? 0 : LOCKED;
            break;
        }
        plan->retries++;
        result = let_unlock(plan, &longest);
    }
    plan->suspended_ns = now_ns();
    long all = -1;
    long mask;
    for (int attempt = 0; result == 0 && attempt < MOST_ATTEMPTS; attempt++) {
        plan->attempt = (plan->attempt + 1) & NUMBER_MASK;
        struct attempt *its = &plan->attempts[plan->attempt & (ATTEMPTS - 1)];
        int *state = &its->state;
        CALL(SYS_sigprocmask, 2, &all, &mask, 8);
        result = park_all(plan, its);
        step(plan);
        if (result == 0) {
            plan->parked_ns = now_ns();
            result = is_parking(plan, state) ? classify(plan) : LATE;
        }
        step(plan);
        int late = now_ns() - unlocking >= LONGEST_UNLOCKING_NS;
        if (result == 0 && !(late && plan->insists)) {
            result = !is_parking(plan, state) ? LATE : find_owners(plan) ? LOCKED : 0;
        }
        if (result == 0 && find_awake(plan, late)) {
            result = LOCKED;
        }
        int starting = result == 0 && find_starting(plan);
        result = starting ? FRESH : result;
        step(plan);
        if (result == 0) {
            result = fork_parked(plan, state);
            if (result == 0) {
                CALL(SYS_sigprocmask, 2, &mask, 0, 8);
                step(plan);
                change(plan, RESUME, IDLE);
                step(plan);
                return 0;
            }
            plan->forked_ns = now_ns();
        }
        release(plan, state, result > 0 ? RELEASED : ABANDONED);
        step(plan);
        CALL(SYS_sigprocmask, 2, &mask, 0, 8);
        step(plan);
        if ((result == CHANGING || result == FRESH || result == UNSAFE || result == LATE || result == SIGNALS || (result == LOCKED && !late))
                && attempt + 1 < MOST_ATTEMPTS) {
            plan->retries++;
            result = result == LOCKED || starting ? let_unlock(plan, &longest) : settle(plan, result);
        }
    }
    plan->released_ns = now_ns();
    if (result == LOCKED) {
        plan->detail = holder(plan);
    }
    resume_all(plan);
    plan->resumed_ns = now_ns();
    return result;
}

/*
 * Finds where a JavaThread counts the critical sections of JNI's that it is in: its one number that becomes 1, and 2, and 0
 * again as the calling thread goes into two and out of both. 0 where there is no such number, -1 where there are several.
 */
static long critical_of(struct plan *plan, byte *java, void *array) {
    byte *agreed = plan->buffer; /* how often each number was the one that it should be */
    void *held[2] = {0, 0};
    long count = plan->lock_stack_at / 4;
    for (int look = 0; look < 4; look++) {
        if (look == 1 || look == 2) {
            held[look - 1] = ((void *(*)(void *, void *, byte *)) JNI(plan, 222))(plan->jni, array, 0); /* GetPrimitiveArrayCritical */
        }
        for (int i = 0; look == 3 && i < 2; i++) {
            ((void (*)(void *, void *, void *, int)) JNI(plan, 223))(plan->jni, array, held[1 - i], 0); /* Release... */
        }
        for (long i = 0; i < count; i++) {
            agreed[i] = (look == 0 ? 0 : agreed[i]) + (FIELD(int, java, 4 * i) == (look & 3) % 3);
        }
    }
    long found = 0;
    for (long i = 0; i < count; i++) {
        if (agreed[i] == 4) {
            found = found == 0 ? 4 * i : -1;
        }
    }
    return found;
}

/* The JavaThread of who calls, null where it cannot be had; finds out critical_at where there is an array of bytes. */
__attribute__((section(".text.0entry"), used)) byte *own_thread(struct plan *plan, void *(*current_carrier)(void *, void *),
        void *array) {
    ((int (*)(void *, int)) JNI(plan, 19))(plan->jni, 8); /* PushLocalFrame */
    void *self = current_carrier(plan->jni, 0);
    byte *java = self == 0 ? 0 : ((byte *(*)(void *, void *, void *)) JNI(plan, 101))(plan->jni, self, plan->eetop);
    ((void *(*)(void *, void *)) JNI(plan, 20))(plan->jni, 0); /* PopLocalFrame */
    plan->critical_at = java == 0 || array == 0 ? 0 : critical_of(plan, java, array);
    return java;
}

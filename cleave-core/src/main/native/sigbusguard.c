/*
 * The handler of SIGBUS that keeps a JVM alive when somebody cuts off a file that it has mapped. It needs no library and no
 * relocation, so that it runs from any page; scripts/machine-code makes the constant in SigbusGuardCode.java of it.
 * SigbusGuard.java tells what it is for and fills the state.
 *
 * It runs in whatever a thread was doing: it waits for others only for a while, allocates nothing, and reads what may not be
 * there by asking the kernel first. Linux on x86-64.
 */
typedef unsigned char byte;
typedef unsigned int uint;
typedef unsigned long ulong;

/* How many slots there are, and how many that have not been taken yet may lie before one that has been, as threads are late. */
enum { SLOTS = (1 << 17) + (1 << 12), LATE = 1 << 12 };

/* A mapping whose file others can cut off. A slot is free while its end is 0, which is written first and last. */
struct slot { ulong from, to; long protection; long faults; };

struct state {
    void (*before)(int, byte *, byte *);                /* the handler that was there */
    int (*hotspot)(int, byte *, byte *, int);           /* JVM_handle_linux_signal */
    struct slot *slots;                                 /* taken from the first one on; never taken before: all zeroes */
    long *faults;                                       /* how many mappings of the table are marked */
    int busy;                                           /* whether a thread is putting zeroes somewhere */
};
_Static_assert(sizeof(struct slot) == 32 && sizeof(struct state) == 40, "SigbusGuard.java knows these");

/* Lies behind the code, where the linker's script says. */
extern struct state state __attribute__((visibility("hidden")));

enum { SIGBUS = 7, BUS_ADRERR = 2, PAGE = 4096, LONGEST = 15, EFAULT = 14 };
enum { SYS_mmap = 9, SYS_sigprocmask = 14, SYS_sched_yield = 24, SYS_madvise = 28 };
enum { MADV_WIPEONFORK = 18, MADV_KEEPONFORK = 19 };
enum { MAP_PRIVATE_FIXED_ANONYMOUS_NORESERVE = 0x4032 };
enum { CODE_AT = 8, ADDRESS_AT = 16 };                  /* in a siginfo */
enum { REGISTERS_AT = 40, RSP = 15, RIP = 16 };  /* in a ucontext */
/* How far to look for bytes that HotSpot takes for an instruction, how many words of the stack to look at, how large its cache
   of code is at most, how often to give way to a thread that is at the same. */
enum { REACH = 256, FRAMES = 64, CODE_CACHE = 1 << 28, PATIENCE = 10000 };

static inline long call6(long n, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* Whether 8 bytes can be read: the kernel copies them, and then finds that it is asked for nothing that it knows. */
static int is_readable(ulong address) {
    return call6(SYS_sigprocmask, -1, (long) address, 0, 8, 0, 0) != -EFAULT;
}

/*
 * Finds the mapping of an address, and copies what is known of it: native code may have it unmapped meanwhile, and the slot is
 * another one's then.
 */
static struct slot *find(ulong address, struct slot *copy) {
    for (int i = 0, late = 0; i < SLOTS && late < LATE; i++) {
        struct slot *slot = &state.slots[i];
        copy->to = __atomic_load_n(&slot->to, __ATOMIC_ACQUIRE);
        copy->from = __atomic_load_n(&slot->from, __ATOMIC_ACQUIRE);
        copy->protection = __atomic_load_n(&slot->protection, __ATOMIC_ACQUIRE);
        if (address < copy->to && address >= copy->from && __atomic_load_n(&slot->to, __ATOMIC_ACQUIRE) == copy->to) {
            return slot;
        }
        late = copy->from ? 0 : late + 1;
    }
    return 0;
}

static inline int is_in(uint value, uint first, uint last) {
    return value - first <= last - first;
}

/*
 * Whether HotSpot knows an instruction that begins so; it ends the process at one that it does not know. These few are enough:
 * there is a move near any place in compiled code, and copies are made of moves and vectors.
 */
static int is_known(const byte *at) {
    if (is_in(*at, 0xc4, 0xc5) || *at == 0x62 || is_in(*at, 0xf2, 0xf3)) {
        return 1;                           /* on vectors */
    }
    at += is_in(*at, 0x40, 0x4f);
    return is_in(*at, 0x88, 0x8b);          /* a move */
}

/*
 * Lets HotSpot note that the thread is to get an InternalError, which it does where a thread of Java's is in code that may
 * access such memory. It looks for the next instruction behind the one that it is shown.
 */
static int is_noted(byte *info, byte *context, long *registers, ulong shown) {
    registers[RIP] = (long) shown;
    return state.hotspot(SIGBUS, info, context, 0);
}

/* Behind a place in compiled code, bytes that HotSpot takes for an instruction that it knows; 0 where there are none. */
static ulong known_near(ulong at) {
    int is_there = is_readable(at) && is_readable(at + LONGEST - 7);
    for (ulong end = at + REACH; is_there && at < end; at++) {
        if (is_known((byte *) at)) {
            return at;
        }
        is_there = ((at + LONGEST + 1) & (PAGE - 1)) != 0 || is_readable(at + LONGEST + 1);
    }
    return 0;
}

/*
 * Lets HotSpot note the error for the caller of a piece of code that is no method's, if that is one. Places in compiled code are
 * looked for on the stack, no further from the piece than the code cache is large.
 */
static void note_for_caller(byte *info, byte *context, long *registers, ulong at) {
    ulong *stack = (ulong *) registers[RSP];
    for (int i = 0; i < FRAMES && is_readable((ulong) &stack[i]); i++) {
        ulong shown = stack[i] - at + CODE_CACHE < 2UL * CODE_CACHE ? known_near(stack[i]) : 0;
        if (shown && is_noted(info, context, registers, shown)) {
            return;
        }
    }
}

/* Whether another thread has put zeroes there, and may have written there since: only memory without a file takes that advice. */
static int has_zeroes(ulong page) {
    if (call6(SYS_madvise, (long) page, PAGE, MADV_WIPEONFORK, 0, 0, 0) != 0) {
        return 0;
    }
    call6(SYS_madvise, (long) page, PAGE, MADV_KEEPONFORK, 0, 0, 0);
    return 1;
}

/* Puts zeroes where the file has nothing: one page, or all that is behind it where there are too many mappings. */
static int put_zeroes(const struct slot *slot, ulong address) {
    ulong page = address & -PAGE;
    ulong bytes = PAGE;
    if (has_zeroes(page)) {
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        if (call6(SYS_mmap, (long) page, (long) bytes, slot->protection, MAP_PRIVATE_FIXED_ANONYMOUS_NORESERVE, -1, 0)
                == (long) page) {
            return 1;
        }
        bytes = (slot->to - page + PAGE - 1) & -PAGE;
    }
    return 0;
}

/*
 * Puts zeroes there, one thread at a time. It waits for the others as long as that may take them, and no longer: in a forked child
 * the one that was at it is not there.
 */
static int put_zeroes_alone(const struct slot *slot, ulong address) {
    for (int i = 0; i < PATIENCE && __atomic_exchange_n(&state.busy, 1, __ATOMIC_ACQUIRE); i++) {
        call6(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    }
    int done = put_zeroes(slot, address);
    __atomic_store_n(&state.busy, 0, __ATOMIC_RELEASE);
    return done;
}

__attribute__((used)) void sigbus(int signal, byte *info, byte *context) {
    ulong address = *(ulong *) (info + ADDRESS_AT);
    struct slot copy;
    struct slot *slot = *(int *) (info + CODE_AT) == BUS_ADRERR ? find(address, &copy) : 0;
    if (!slot) {
        state.before(signal, info, context);
        return;
    }
    if (!__atomic_exchange_n(&slot->faults, 1, __ATOMIC_ACQ_REL)) {
        __atomic_add_fetch(state.faults, 1, __ATOMIC_RELEASE);
    }
    long *registers = (long *) (context + REGISTERS_AT);
    ulong at = (ulong) registers[RIP];
    ulong shown = known_near(at);
    int is_error = shown && is_noted(info, context, registers, shown);
    if (is_error && shown == at && (ulong) registers[RIP] - at > LONGEST) {
        return; /* it goes on at the end of a copy */
    }
    if (!is_error) {
        note_for_caller(info, context, registers, at);
    }
    registers[RIP] = (long) at; /* the instruction is repeated, and finds zeroes */
    if (!put_zeroes_alone(&copy, address)) {
        state.before(signal, info, context);
    }
}

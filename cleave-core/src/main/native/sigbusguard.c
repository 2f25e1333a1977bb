/*
 * The handler of SIGBUS that keeps a JVM alive when somebody cuts off a file that it has mapped. It needs no library and no
 * relocation, so that it runs from any page; scripts/machine-code makes the constant in SigbusGuardCode.java of it.
 * SigbusGuard.java tells what it is for and fills the state.
 *
 * It runs in whatever a thread was doing: it takes no lock, allocates nothing, and reads what may not be there by asking the
 * kernel first. Linux on x86-64.
 */
typedef unsigned char byte;
typedef unsigned int uint;
typedef unsigned long ulong;

/* A mapping whose file others can cut off. A slot is free while its end is 0, which is written first and last. */
struct slot { ulong from, to; long protection; long faults; };

struct state {
    void (*before)(int, byte *, byte *);                /* the handler that was there */
    int (*hotspot)(int, byte *, byte *, int);           /* JVM_handle_linux_signal */
    struct slot *slots;
    long count;                                         /* how many slots have ever been taken */
    long *faults;                                       /* how many there have been in all mappings */
};
_Static_assert(sizeof(struct slot) == 32 && sizeof(struct state) == 40, "SigbusGuard.java knows these");

/* Lies behind the code, where the linker's script says. */
extern struct state state __attribute__((visibility("hidden")));

enum { SIGBUS = 7, BUS_ADRERR = 2, PAGE = 4096, LONGEST = 15, EFAULT = 14 };
enum { SYS_mmap = 9, SYS_sigprocmask = 14 };
enum { MAP_PRIVATE_FIXED_ANONYMOUS_NORESERVE = 0x4032 };
enum { CODE_AT = 8, ADDRESS_AT = 16 };                  /* in a siginfo */
enum { REGISTERS_AT = 40, RSP = 15, RIP = 16, FLAGS = 17, ZERO_FLAG = 0x40 };  /* in a ucontext */
/* How far to look for bytes that HotSpot takes for an instruction, how many words of the stack to look at, how large its cache
   of code is at most. */
enum { REACH = 256, FRAMES = 64, CODE_CACHE = 1 << 28 };

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

static struct slot *find(ulong address) {
    long count = __atomic_load_n(&state.count, __ATOMIC_ACQUIRE);
    for (long i = 0; i < count; i++) {
        struct slot *slot = &state.slots[i];
        ulong to = __atomic_load_n(&slot->to, __ATOMIC_ACQUIRE);
        if (address < to && address >= __atomic_load_n(&slot->from, __ATOMIC_ACQUIRE)
                && __atomic_load_n(&slot->to, __ATOMIC_ACQUIRE) == to) {
            return slot;
        }
    }
    return 0;
}

/* What an instruction does, other than to store or to load into a vector, when its operand in memory is not there. */
enum effect { NOTHING, ZERO, ZERO_BYTE, UNEQUAL };

struct instruction { int length; int effect; int target; };

static inline int is_in(uint value, uint first, uint last) {
    return value - first <= last - first;
}

/* An instruction of the second table, 0f xx. Its immediate bytes, or -1 where it cannot be left out. */
static int second_table(uint code, int is_short, int is_repeated, struct instruction *out) {
    switch (code) {
        case 0x70: case 0xc2: case 0xc6: case 0xc4:
            return 1;                       /* shuffles, comparisons */
        case 0xb6: case 0xb7: case 0xbe: case 0xbf:
            out->effect = ZERO;             /* movzx, movsx */
            return is_short ? -1 : 0;
        case 0xb8: case 0xbc: case 0xbd:
            out->effect = ZERO;             /* popcnt, tzcnt, lzcnt */
            return is_repeated && !is_short ? 0 : -1;
        case 0x2c: case 0x2d:
            out->effect = ZERO;             /* conversions to an integer */
            return is_repeated ? 0 : -1;
        case 0xb0: case 0xb1:
            out->effect = UNEQUAL;          /* cmpxchg */
            return 0;
        case 0xc1:
            return is_short ? -1 : 0;       /* xadd: the register keeps the number to add */
        case 0xaf: case 0xc3:
            return 0;                       /* imul, movnti */
        default:
            return is_in(code, 0x10, 0x17) || is_in(code, 0x28, 0x2b) || is_in(code, 0x2e, 0x2f) || is_in(code, 0x40, 0x4f)
                    || is_in(code, 0x51, 0x6f) || is_in(code, 0x74, 0x76) || is_in(code, 0x7c, 0x7f)
                    || is_in(code, 0x90, 0x9f) || is_in(code, 0xd0, 0xfe) ? 0 : -1;
    }
}

/* An instruction of the first table. */
static int first_table(uint code, uint form, int is_short, int has_rex, struct instruction *out) {
    int number = is_short ? 2 : 4;
    if (code < 0x40) {
        return (code & 7) < 4 ? 0 : -1;     /* arithmetic */
    }
    switch (code) {
        case 0x8b: case 0x63:
            out->effect = ZERO;
            return is_short ? -1 : 0;
        case 0x8a:
            out->effect = ZERO_BYTE;
            return has_rex || out->target < 4 ? 0 : -1;
        case 0x69:
            out->effect = ZERO;
            return is_short ? -1 : 4;
        case 0x6b:
            out->effect = ZERO;
            return is_short ? -1 : 1;
        case 0x88: case 0x89: case 0x84: case 0x85: case 0xd0: case 0xd1: case 0xd2: case 0xd3:
            return 0;
        case 0x87:
            return is_short ? -1 : 0;
        case 0x80: case 0x83: case 0xc0: case 0xc1:
            return 1;
        case 0x81:
            return number;
        case 0xc6:
            return form == 0 ? 1 : -1;
        case 0xc7:
            return form == 0 ? number : -1;
        case 0xf6:
            return form < 2 ? 1 : form < 4 ? 0 : -1;
        case 0xf7:
            return form < 2 ? number : form < 4 ? 0 : -1;
        case 0xfe: case 0xff:
            return form < 2 ? 0 : -1;
        default:
            return -1;
    }
}

/* An instruction on vectors with a prefix of three to five bytes. */
static int vector_table(uint table, uint code) {
    if (table == 1) {
        return is_in(code, 0x70, 0x73) || code == 0xc2 || is_in(code, 0xc4, 0xc6) ? 1
                : is_in(code, 0x2c, 0x2d) || is_in(code, 0x78, 0x79) ? -1 : 0;
    }
    if (table == 2) {
        return is_in(code, 0x90, 0x93) || is_in(code, 0xa0, 0xa3) || code >= 0xe0 ? -1 : 0;
    }
    return table == 3 && code < 0xf0 && !is_in(code, 0x60, 0x63) ? 1 : -1;
}

/*
 * Finds out how long an instruction is, and what the registers are to hold when it is left out: a value that a load of it could
 * have had, as compiled code relies on a byte's being one. Length 0 where it is not known, or not enough is.
 */
static struct instruction decode(byte *at) {
    struct instruction unknown = {0, NOTHING, 0};
    struct instruction out = unknown;
    byte *start = at;
    int is_short = 0, is_repeated = 0;
    uint rex = 0;
    for (;; at++) {
        if (*at == 0x66) {
            is_short = 1;
        } else if (is_in(*at, 0xf2, 0xf3)) {
            is_repeated = 1;
        } else if (*at != 0xf0) {
            break;
        }
        if (at - start > 3) {
            return unknown;
        }
    }
    if (is_in(*at, 0x40, 0x4f)) {
        rex = *at++;
        is_short &= !(rex & 8);
    }
    uint code = *at++;
    uint table = 0;
    int is_vector = 1;
    if (code == 0xc5) {
        table = 1;
        at++;
    } else if (code == 0xc4) {
        table = *at & 31;
        at += 2;
    } else if (code == 0x62) {
        table = *at & 7;
        at += 3;
    } else {
        is_vector = 0;
        if (code == 0x0f) {
            table = 1;
            code = *at++;
            if (code == 0x38 || code == 0x3a) {
                table = code == 0x38 ? 2 : 3;
                code = *at++;
            }
        }
    }
    if (is_vector) {
        code = *at++;
    }
    uint mode = *at++;
    uint form = mode >> 3 & 7;
    out.target = (int) (form | (rex & 4) << 1);
    int immediate = is_vector ? vector_table(table, code)
            : table == 0 ? first_table(code, form, is_short, rex != 0, &out)
            : table == 1 ? second_table(code, is_short, is_repeated, &out)
            : vector_table(table, code);
    if (immediate < 0 || mode >> 6 == 3) {
        return unknown;
    }
    uint base = mode & 7;
    if (base == 4) {
        base = *at++ & 7;
    }
    at += mode >> 6 == 1 ? 1 : mode >> 6 == 2 || base == 5 ? 4 : 0;
    out.length = (int) (at - start) + immediate;
    return out;
}

static void leave_out(const struct instruction *instruction, byte *at, long *registers) {
    /* Where a ucontext has the first eight, in the order of their numbers, one in four bits. */
    long *target = &registers[instruction->target < 8 ? 0x89afbcedU >> 4 * instruction->target & 15
            : (uint) instruction->target - 8];
    if (instruction->effect == ZERO) {
        *target = 0;
    } else if (instruction->effect == ZERO_BYTE) {
        *(byte *) target = 0;
    } else if (instruction->effect == UNEQUAL) {
        registers[FLAGS] &= ~ZERO_FLAG;
    }
    registers[RIP] = (long) (at + instruction->length);
}

/* Whether HotSpot knows an instruction that begins so; it ends the process at one that it does not know. */
static int is_known(const byte *at) {
    if (is_in(*at, 0xc4, 0xc5) || *at == 0x62 || is_in(*at, 0xf2, 0xf3)) {
        return 1;                           /* on vectors */
    }
    at += is_in(*at, 0x40, 0x4f);
    if (*at == 0x0f) {
        return is_in(at[1], 0xb6, 0xb7) || is_in(at[1], 0xbe, 0xbf);
    }
    return is_in(*at, 0x88, 0x8b) || *at == 0x83 || *at == 0x85 || *at == 0xc7 || (*at < 0x40 && (*at & 7) < 4);
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
 * A piece of code that is no method's: who has called it may be one. Places in compiled code are looked for on the stack, no
 * further from the piece than the code cache is large.
 */
static int is_noted_for_caller(byte *info, byte *context, long *registers, ulong at) {
    ulong *stack = (ulong *) registers[RSP];
    for (int i = 0; i < FRAMES && is_readable((ulong) &stack[i]); i++) {
        ulong shown = stack[i] - at + CODE_CACHE < 2UL * CODE_CACHE ? known_near(stack[i]) : 0;
        if (shown && is_noted(info, context, registers, shown)) {
            return 1;
        }
    }
    return 0;
}

/* Puts zeroes where the file has nothing: one page, or all that is behind it where there are too many mappings. */
static int put_zeroes(const struct slot *slot, ulong address) {
    ulong page = address & -PAGE;
    ulong bytes = PAGE;
    for (int i = 0; i < 2; i++) {
        if (call6(SYS_mmap, (long) page, (long) bytes, slot->protection, MAP_PRIVATE_FIXED_ANONYMOUS_NORESERVE, -1, 0)
                == (long) page) {
            return 1;
        }
        bytes = (slot->to - page + PAGE - 1) & -PAGE;
    }
    return 0;
}

__attribute__((used)) void sigbus(int signal, byte *info, byte *context) {
    ulong address = *(ulong *) (info + ADDRESS_AT);
    struct slot *slot = *(int *) (info + CODE_AT) == BUS_ADRERR ? find(address) : 0;
    if (!slot) {
        state.before(signal, info, context);
        return;
    }
    slot->faults = 1;
    __atomic_add_fetch(state.faults, 1, __ATOMIC_RELEASE);
    long *registers = (long *) (context + REGISTERS_AT);
    ulong at = (ulong) registers[RIP];
    ulong shown = known_near(at);
    int is_error = shown && is_noted(info, context, registers, shown);
    if (is_error && shown == at && (ulong) registers[RIP] - at > LONGEST) {
        return; /* it goes on at the end of a copy */
    }
    if (is_error || is_noted_for_caller(info, context, registers, at)) {
        struct instruction instruction = decode((byte *) at);
        if (instruction.length) {
            leave_out(&instruction, (byte *) at, registers);
            return;
        }
    }
    registers[RIP] = (long) at;
    if (!put_zeroes(slot, address)) {
        state.before(signal, info, context);
    }
}

__asm__(
    "    .globl restorer\n"
    "restorer:\n"
    "    mov $15, %eax\n"              /* rt_sigreturn */
    "    syscall\n");

package io.cleave.worker;

import io.cleave.AllocationException;
import io.cleave.WorkerDiedException;
import io.cleave.channel.Doorbell;
import io.cleave.channel.FrameSink;
import io.cleave.channel.Ring;
import io.cleave.channel.RingValues;
import io.cleave.os.Unistd;
import io.cleave.pool.Initializer;
import io.cleave.share.Codec;
import io.cleave.share.WriteOptions;
import io.cleave.work.Failure;
import io.cleave.work.Loaders;
import io.cleave.work.Parcel;
import io.cleave.work.PoolMemory;
import io.cleave.work.TaskFrames;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A worker JVM's life: take a batch, compute its items one after the other, send each result as soon as it is there. The
 * thread that calls {@link #live} does all of it; {@link Control} hears what cannot wait.
 */
final class Worker {
    /** Chains of causes may be circles. */
    private static final int MOST_CAUSES = 20;
    private static final long SPIN_NANOS = 30_000;
    private static final long NAP_NANOS = 50_000;
    private static final long SLEEP_NANOS = 1_000_000_000L;
    /** How long results may lie in the ring before the pool is woken for them. */
    private static final long LATENCY_NANOS = 200_000;
    /** While items are shorter than this, many of them share a look at the clock, which costs more than the least items. */
    private static final long TINY_NANOS = 1_000;
    private static final int MOST_UNTIMED = 32;
    /** How often the pool is woken to give more, where nobody waits for single results; it gives work for longer. */
    private static final long REFILL_NANOS = 2_000_000;

    private final PoolMemory.Head head;
    private final PoolMemory.Slot slot;
    private final Control control;
    private final Doorbell bell;
    private final Ring.Consumer in;
    private final Ring.Producer out;
    private final Codec codec = Codec.standard();
    private final Map<Long, Job> jobs = new HashMap<>();
    private final boolean isForked;
    private final boolean isTimed;
    private final boolean spins = Runtime.getRuntime().availableProcessors() > 1;
    private @Nullable AsyncJobs async;
    private long flushed;
    /** Whether there are results of which the pool has not been told. */
    private boolean isRingDue;
    /** Where classes are looked for, where a task does not say so. */
    private final @Nullable ClassLoader home = Thread.currentThread().getContextClassLoader();
    /** Where those of the next task or initializer are, if it says so. */
    private @Nullable ClassLoader announced;
    private boolean isAway;

    Worker(PoolMemory.Head head, PoolMemory.Slot slot, long parent, boolean isForked) {
        this.head = head;
        this.slot = slot;
        this.isForked = isForked;
        this.isTimed = head.isTimed();
        this.control = new Control(slot, parent, Thread.currentThread());
        this.bell = slot.bell();
        this.in = slot.tasks().consumer();
        this.out = slot.results().producer(head.bell(), control::isParentAlive);
    }

    private String name() {
        long pid = isForked ? Unistd.getpid() : ProcessHandle.current().pid(); // which needs no downcall
        return "worker ".concat(Long.toString(pid));
    }

    void live() {
        slot.phase(PoolMemory.IDLE);
        if (isForked) {
            control.notBusy(); // downcalls are loaded
        }
        control.start();
        int status = PoolMemory.EXIT_BROKEN;
        try {
            work();
            status = 0;
        } catch (WorkerDiedException e) {
            status = 0; // the pool is gone: nobody is there to be told
        } catch (Throwable t) {
            report(t);
        }
        if (async != null) {
            async.awaitCancelled();
        }
        control.leave();
        System.exit(status);
    }

    private static void report(Throwable t) {
        try {
            t.printStackTrace();
        } catch (Throwable again) {
            Runtime.getRuntime().halt(PoolMemory.EXIT_BROKEN);
        }
    }

    /** Does what comes, until it is told to stop. */
    void work() throws IOException {
        while (true) {
            if (!in.next()) {
                if (isRingDue) { // what lay behind the last batch had been taken back
                    ring();
                }
                await();
                continue;
            }
            switch (in.kind()) {
                case TaskFrames.INITIALIZER -> {
                    if (!initialize()) {
                        return;
                    }
                }
                case TaskFrames.TASK -> {
                    long form = RingValues.getLong(in.bytes(), in.offset());
                    in.next();
                    jobs.put(form >> 3, new Job((int) (form & 7), Parcel.take(in), announced));
                    announced = null;
                }
                case TaskFrames.LOADER -> announced = Loaders.of(RingValues.getLong(in.bytes(), in.offset()));
                case TaskFrames.FORGET -> jobs.remove(RingValues.getLong(in.bytes(), in.offset()));
                case TaskFrames.BATCH -> batch();
                case TaskFrames.STOP -> {
                    return;
                }
                default -> throw new IOException("no such frame: " + in.kind());
            }
        }
    }

    /** Has classes be found by a task's own loader. A task may have set another for its thread, which then stays. */
    private void find(@Nullable ClassLoader loader) {
        if (loader != null || isAway) {
            Thread.currentThread().setContextClassLoader(loader == null ? home : loader);
            isAway = loader != null;
        }
    }

    /** Looks for a while, then sleeps until there is something to do. */
    @SuppressWarnings("ThreadPriorityCheck")
    private void await() {
        long end = System.nanoTime() + SPIN_NANOS;
        do {
            for (int i = 0; i < 32; i++) {
                if (in.isReadable()) {
                    return;
                }
                if (spins) {
                    Thread.onSpinWait();
                }
            }
            Thread.yield(); // on a busy machine the pool itself may wait for this processor
        } while (spins && System.nanoTime() - end < 0);
        control.notBusy();
        if (!control.isReady()) {
            LockSupport.parkNanos(NAP_NANOS); // downcalls are not there yet
        } else {
            sleep();
        }
        if (!control.isParentAlive()) {
            throw new WorkerDiedException("the pool's process has ended");
        }
    }

    private void sleep() {
        int ticket = bell.prepare();
        if (in.isReadable()) {
            bell.cancel();
        } else {
            bell.sleep(ticket, System.nanoTime() + SLEEP_NANOS);
        }
    }

    /** Runs the initializer; false where it failed, and the pool knows. */
    private boolean initialize() throws IOException {
        slot.begin(0, System.nanoTime());
        slot.phase(PoolMemory.INITIALIZING);
        in.next();
        find(announced);
        announced = null;
        try {
            Object taken = Parcel.open(Parcel.take(in), Codec.java());
            if (taken instanceof Initializer initializer) {
                initializer.run();
            }
        } catch (Throwable t) {
            Failure failure = Failure.of(t, "the initializer", -1, name());
            send(TaskFrames.UNFIT, failure);
            ring();
            return false;
        }
        slot.phase(PoolMemory.IDLE);
        return true;
    }

    private void send(int kind, Failure failure) throws IOException {
        byte[] bytes = failure.encode();
        out.write(kind, bytes, 0, bytes.length);
    }

    private void ring() {
        flushed = System.nanoTime();
        isRingDue = false;
        if (control.isReady()) {
            out.flush(); // before that the pool looks by itself
        }
    }

    private void batch() throws IOException {
        byte[] bytes = in.bytes();
        int at = in.offset();
        long number = RingValues.getLong(bytes, at);
        long id = RingValues.getLong(bytes, at + 8);
        long first = RingValues.getLong(bytes, at + 16);
        int count = (int) RingValues.getLong(bytes, at + 24);
        Job job = jobs.get(id);
        if (job == null) {
            throw new IOException("no task " + id);
        }
        int left = count;
        if (job.isAsync()) {
            in.next();
            Object item = Parcel.take(in);
            left = 0;
            if (slot.claim(number, PoolMemory.TAKEN)) {
                async().start(number, job, item, first);
            }
        } else if (control.begin(number)) {
            left = compute(number, job, first, count);
        }
        for (; left > 0; left--) {
            in.next();
        }
    }

    private AsyncJobs async() {
        AsyncJobs jobsInFlight = async;
        if (jobsInFlight == null) {
            jobsInFlight = new AsyncJobs(out, this::ring, codec, name());
            async = jobsInFlight;
            control.async(jobsInFlight);
        }
        return jobsInFlight;
    }

    /** Computes a batch; returns how many of its items are still to be taken from the ring. */
    private int compute(long number, Job job, long first, int count) throws IOException {
        long start = System.nanoTime();
        out.write(TaskFrames.AT, Long.BYTES, number);
        int left = count;
        @Nullable Object item = null;
        int index = 0;
        boolean worn = false;
        long now = start;
        int untimed = 1;
        int timedAgain = 0;
        try {
            slot.begin(0, start);
            slot.phase(PoolMemory.DECODING);
            find(job.loader);
            job.open();
            for (; index < count && (index == 0 || !slot.isCut(number)); index++) {
                in.next();
                left--;
                if (index >= timedAgain) {
                    long before = now;
                    now = System.nanoTime();
                    untimed = isTimed || now - before > untimed * TINY_NANOS ? 1 : Math.min(2 * untimed, MOST_UNTIMED);
                    timedAgain = index + untimed;
                }
                slot.begin(index, now);
                slot.phase(PoolMemory.DECODING);
                item = Parcel.take(in);
                item = open(item, codec);
                slot.phase(PoolMemory.RUNNING);
                @Nullable Object result = job.apply(item);
                write(result, item, first + index);
                if (now - flushed > LATENCY_NANOS && (head.isUrgent() || out.isHalfFull())) {
                    ring();
                }
            }
        } catch (Refused e) {
            worn = isDamaging(e);
            send(TaskFrames.FAILURE, e.failure);
        } catch (WorkerDiedException e) {
            if (!control.isParentAlive()) {
                throw e;
            }
            send(TaskFrames.FAILURE, Failure.of(e, item, first + index, name())); // the task's own, of a pool that it used
        } catch (Throwable t) {
            worn = sendFailure(t, item, first + index) || isDamaging(t);
        } finally {
            control.end();
        }
        slot.phase(PoolMemory.IDLE);
        if (worn) {
            out.write(TaskFrames.WORN, 0, 0);
        }
        long end = System.nanoTime();
        out.write(TaskFrames.END, Long.BYTES, end - start);
        isRingDue = true;
        if (head.isUrgent() || end - flushed > REFILL_NANOS || !in.isReadable()) {
            ring();
        }
        return left;
    }

    /** The item of what was taken. */
    static @Nullable Object open(@Nullable Object taken, Codec codec) throws InvalidObjectException {
        try {
            return Parcel.open(taken, codec);
        } catch (IOException | RuntimeException | LinkageError e) {
            throw new InvalidObjectException("the item cannot be deserialised in a worker: " + Failure.reason(e), e);
        }
    }

    /** Whether a JVM should not go on after this, which a codec may have wrapped. */
    private static boolean isDamaging(Throwable thrown) {
        Throwable cause = thrown;
        for (int depth = 0; cause != null && depth < MOST_CAUSES; depth++) {
            if (cause instanceof OutOfMemoryError || cause instanceof InternalError) {
                return true;
            }
            cause = Failure.causeOf(cause);
        }
        return false;
    }

    /** Sends what a task threw, or where there is too little memory for that, what it was; true in that case. */
    private boolean sendFailure(Throwable t, @Nullable Object item, long index) throws IOException {
        return writeFailure(out, t, item, index, name());
    }

    /** Writes what a task threw, or where there is too little memory for that, what it was; true in that case. */
    static boolean writeFailure(FrameSink to, Throwable t, @Nullable Object item, long index, String name)
            throws IOException {
        byte[] bytes;
        boolean isShort = false;
        try {
            bytes = Failure.of(t, item, index, name).encode();
        } catch (OutOfMemoryError e) {
            isShort = true;
            bytes = Failure.inShort(t, index, name).encode();
        }
        to.write(TaskFrames.FAILURE, bytes, 0, bytes.length);
        return isShort;
    }

    /** A result that cannot be sent, with the account of it. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient Failure failure;

        Refused(Failure failure, Throwable cause) {
            super(null, cause, false, false);
            this.failure = failure;
        }
    }

    private void write(@Nullable Object result, @Nullable Object item, long index) throws IOException {
        slot.phase(PoolMemory.ENCODING);
        try {
            writeValue(out, codec, result);
        } catch (WorkerDiedException e) {
            throw e;
        } catch (OutOfMemoryError e) {
            throw e;
        } catch (Exception | LinkageError | StackOverflowError e) {
            throw new Refused(Failure.unsendable(e, result, codec, item, index, name()), e);
        }
    }

    /** Writes a result, through shared memory where it is large, unless that is full. */
    static void writeValue(FrameSink out, Codec codec, @Nullable Object result) throws IOException {
        try {
            Parcel.write(out, codec, result, Sharing.ONCE);
        } catch (AllocationException e) {
            Parcel.writeInline(out, codec, result);
        }
    }

    /** Loaded with the first result. */
    private static final class Sharing {
        static final WriteOptions ONCE = WriteOptions.defaults().withThreshold(0).withReads(1);

        private Sharing() {
        }
    }
}

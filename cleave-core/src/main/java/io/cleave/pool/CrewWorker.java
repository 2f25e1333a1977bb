package io.cleave.pool;

import io.cleave.channel.Doorbell;
import io.cleave.channel.FrameBuffer;
import io.cleave.channel.Ring;
import io.cleave.channel.RingValues;
import io.cleave.os.ProcFs;
import io.cleave.work.PoolMemory;
import io.cleave.work.TaskFrames;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A worker as its pool sees it. All of it is guarded by the crew's lock. */
final class CrewWorker {
    /** How much work a worker is given ahead, so that it need not wait for more. */
    private static final long AHEAD_NANOS = 6_000_000;
    private static final int MOST_AHEAD = 128;
    private static final long RSS_LOOK_NANOS = 100_000_000;
    private static final long LONGEST_FETCH_NANOS = 10_000_000_000L;

    final int place;
    final PoolMemory.Slot slot;
    final Ring.Consumer in;
    private final Ring.Producer out;
    private final Doorbell bell;
    /** By their places in the slot's table. */
    private final @Nullable Batch[] table = new Batch[PoolMemory.PLACES];
    /** In the order in which they were sent. */
    final List<Batch> inFlight = new ArrayList<>();
    private final Set<Long> known = new HashSet<>();
    private long number;
    /** What is being sent, and a batch's header. */
    private final FrameBuffer message = new FrameBuffer(1024);
    private final byte[] header = new byte[TaskFrames.BATCH_BYTES];

    @Nullable WorkerProcess process;
    @Nullable OutputPump output;
    @Nullable OutputPump errors;
    long startedMillis;
    /** The batch that what it sends now belongs to. */
    @Nullable Batch current;
    /** It has been told to leave, or is about to be. */
    boolean leaving;
    /** When it was last seen to be deaf to interrupts, as it was starting; 0 where it never was. */
    long deafAt;
    /** When it was told to leave or killed, 0 where it was not. */
    long leavingSince;
    /** It must not get anything more. */
    boolean worn;
    /** Why it was killed, if the pool did. */
    @Nullable String killed;
    /** The initializer's failure. */
    Batch.@Nullable Reason unfit;
    /** A part of what it sent is lost: nothing more of it is taken. */
    boolean isBroken;
    long lastActive = System.nanoTime();
    long items;
    /** Results in shared memory that have not been taken yet. */
    final AtomicInteger unfetched = new AtomicInteger();
    private long ahead;
    private long rssBefore = -1;
    private long rssLook;

    CrewWorker(int place, PoolMemory.Slot slot) {
        this.place = place;
        this.slot = slot;
        slot.reset();
        in = slot.results().consumer();
        bell = slot.bell();
        out = slot.tasks().producer(bell, () -> true);
    }

    long pid() {
        WorkerProcess started = process;
        return started == null ? -1 : started.pid();
    }

    @Override
    public String toString() {
        return "worker " + pid();
    }

    boolean isIdle() {
        return inFlight.isEmpty();
    }

    /** Whether it has begun to work. */
    boolean isUp() {
        return slot.phase() >= PoolMemory.IDLE;
    }

    /** Whether it should get one batch more. */
    boolean accepts(PoolSettings settings) {
        if (leaving || worn || (settings.maxTasks() > 0 && items >= settings.maxTasks())) {
            return false;
        }
        if (settings.concurrency() > 0) {
            return inFlight.size() < settings.concurrency();
        }
        return inFlight.isEmpty() || (isUp() && inFlight.size() < MOST_AHEAD
                && (inFlight.size() < 2 || ahead < AHEAD_NANOS));
    }

    /** Whether it is to be replaced as soon as it is idle. */
    boolean isDue(PoolSettings settings) {
        if (worn || (settings.maxTasks() > 0 && items >= settings.maxTasks())) {
            return true;
        }
        if (settings.maxRssGrowth() == 0 || System.nanoTime() - rssLook < RSS_LOOK_NANOS || items == 0) {
            return false;
        }
        rssLook = System.nanoTime();
        long rss = ProcFs.memoryField("/proc/" + pid() + "/status", "VmRSS");
        if (rssBefore < 0) {
            rssBefore = rss;
        }
        return rss - rssBefore > settings.maxRssGrowth();
    }

    /** Puts frames into its ring without a batch. */
    boolean send(FrameBuffer frames) {
        boolean sent = out.tryWrite(frames);
        bell.ring();
        return sent;
    }

    /** Gives it a batch; false where its ring has no room. Where it throws, too, nothing has been sent. */
    boolean send(Batch batch) {
        do {
            number++;
        } while (table[place(number)] != null);
        message.clear();
        boolean isNew = known.add(batch.task.id);
        inFlight.add(batch); // whatever may find no memory is done before it is sent
        boolean isSent = false;
        try {
            if (isNew) {
                message.append(batch.task.frames());
            }
            batch.addTo(message, number, header);
            slot.queued(number);
            isSent = out.tryWrite(message);
        } finally {
            if (!isSent) {
                inFlight.removeLast();
                if (isNew) {
                    known.remove(batch.task.id);
                }
            }
        }
        if (isSent) {
            batch.worker = this;
            batch.number = number;
            batch.sent = batch.left();
            batch.sentAt = System.nanoTime();
            batch.isCut = false;
            table[place(number)] = batch;
            items += batch.sent;
            ahead += batch.expectedNanos;
            bell.ring();
        }
        return isSent;
    }

    private static int place(long number) {
        return (int) (number & (PoolMemory.PLACES - 1));
    }

    /** The batch of a number, or null. */
    @Nullable Batch batch(long wanted) {
        Batch batch = table[place(wanted)];
        return batch != null && batch.number == wanted ? batch : null;
    }

    /** It does not have a batch any more. */
    void release(Batch batch) {
        inFlight.remove(batch);
        table[place(batch.number)] = null;
        ahead -= batch.expectedNanos;
        batch.worker = null;
        lastActive = System.nanoTime();
    }

    /** Takes a batch back that it has not begun; false where it has. */
    boolean recall(Batch batch) {
        if (!slot.claim(batch.number, PoolMemory.RECALLED)) {
            return false;
        }
        items -= batch.sent;
        release(batch);
        return true;
    }

    /** Asks it to interrupt a batch that it has begun. */
    void interrupt(Batch batch) {
        slot.interrupt(batch.number);
        slot.control().ring();
    }

    /** Asks for the rest of a batch that it has begun, if that has gone on for so long and there are items left. */
    void cut(Batch batch, long leastNanos) {
        if (!batch.isCut && batch.state() == Batch.State.SENT && !batch.isShared()
                && batch.sent - slot.index() > 1 && System.nanoTime() - batch.sentAt > leastNanos) {
            batch.isCut = slot.cut(batch.number);
        }
    }

    /** A task that it need not remember any more. */
    void forget(TaskForm task) {
        if (known.contains(task.id)) {
            FrameBuffer frames = new FrameBuffer(16);
            frames.write(TaskFrames.FORGET, Long.BYTES, task.id);
            if (out.tryWrite(frames)) { // else it remembers it to its end, which does no harm
                known.remove(task.id);
            }
        }
    }

    /** Tells it to leave when it has done what it has. */
    void stop() {
        leaving = true;
        leavingSince = System.nanoTime();
        FrameBuffer frames = new FrameBuffer(16);
        frames.write(TaskFrames.STOP, 0, 0);
        if (!send(frames)) {
            kill("it had no room for the request to leave");
        }
    }

    /** Whether what it shares is still to be fetched. Nobody waits for ever: who reads a value may never come to its end. */
    boolean isBeingFetched() {
        return unfetched.get() > 0 && System.nanoTime() - lastActive < LONGEST_FETCH_NANOS;
    }

    /** Tells it to leave if it has nothing to do and nothing that is still to be fetched. */
    void leaveIfIdle() {
        if (isIdle() && !isBeingFetched() && !leaving) {
            stop();
        }
    }

    void kill(String why) {
        if (killed == null) {
            killed = why;
            leaving = true;
            leavingSince = System.nanoTime();
        }
        WorkerProcess started = process;
        if (started != null) {
            started.kill();
        }
    }

    long frameLong() {
        return RingValues.getLong(in.bytes(), in.offset());
    }
}

package io.cleave.pool;

import io.cleave.channel.FrameBuffer;
import io.cleave.share.Codec;
import io.cleave.share.Share;
import io.cleave.share.WriteOptions;
import io.cleave.work.Loaders;
import io.cleave.work.Parcel;
import io.cleave.work.Refusal;
import io.cleave.work.TaskFrames;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A task as it is sent to workers: encoded once, sent to each worker that computes for it once. */
final class TaskForm {
    private static final AtomicLong IDS = new AtomicLong();

    final long id = IDS.incrementAndGet();
    final boolean isKept;
    /** The task's class, where not every JVM with the same class path finds it. */
    final @Nullable Class<?> ownClass;
    private final FrameBuffer frames;
    private final @Nullable String token;

    private TaskForm(FrameBuffer frames, @Nullable String token, boolean isKept, Class<?> type) {
        this.frames = frames;
        this.token = token;
        this.isKept = isKept;
        this.ownClass = Loaders.isOwn(type) ? type : null;
        if (id >= Long.MAX_VALUE >> 3) {
            throw new IllegalStateException("too many tasks");
        }
    }

    /**
     * Encodes a task.
     *
     * @param task the task
     * @param form one of those of {@link TaskFrames}
     * @param isKept whether workers keep it, as it is the same each time
     * @throws IllegalArgumentException where it cannot be serialised, naming the part that cannot
     */
    static TaskForm of(Object task, int form, boolean isKept) {
        FrameBuffer body = new FrameBuffer(512);
        String token = write(body, task, "the task");
        TaskForm made = new TaskForm(new FrameBuffer(body.size() + 64), token, isKept,
                task.getClass());
        writeLoader(made.frames, task);
        made.frames.write(TaskFrames.TASK, Long.BYTES, made.id << 3 | form);
        made.frames.append(body);
        return made;
    }

    /** Says by which loader a task or an initializer is found that comes next. */
    static void writeLoader(FrameBuffer out, Object code) {
        if (Loaders.isOwn(code.getClass())) {
            out.write(TaskFrames.LOADER, Long.BYTES, Loaders.numberOf(code.getClass()));
        }
    }

    /** Encodes what Java serialization carries; returns the token of a large one. */
    static @Nullable String write(FrameBuffer out, Object code, String what) {
        Refusal.requireSerializable(code, what);
        AotCache.expect(code);
        try {
            return Parcel.writeCode(out, code, Sharing.OPTIONS);
        } catch (Exception | LinkageError | StackOverflowError e) {
            throw Refusal.of(what, code, Codec.java(), e);
        }
    }

    /** The frames that make it known to a worker. */
    FrameBuffer frames() {
        return frames;
    }

    /** No worker will need it any more. */
    void free() {
        if (token != null) {
            Share.free(token);
        }
    }

    /** How large things are shared: as long as the pool needs them. */
    static final class Sharing {
        static final WriteOptions OPTIONS = WriteOptions.defaults().withThreshold(0);

        private Sharing() {
        }
    }
}

package io.cleave.work;

/** The kinds of frames between a pool and its worker JVMs, besides values. Numbers in them are longs. */
public final class TaskFrames {
    /** To the worker: the initializer follows as a value. */
    public static final int INITIALIZER = 1;
    /** To the worker: a task's id times 8, and its form; the task follows as a value. */
    public static final int TASK = 2;
    /** To the worker: a task's id, which is not used any more. */
    public static final int FORGET = 3;
    /**
     * To the worker: {@link #BATCH_BYTES} with a batch's number, its task's id, the first item's place in the input, and
     * how many items follow as values.
     */
    public static final int BATCH = 4;
    /** To the worker: nothing more comes. */
    public static final int STOP = 5;

    /** To the pool: the number of the batch that what follows belongs to. */
    public static final int AT = 6;
    /** To the pool: the batch is done; how many nanoseconds it took. */
    public static final int END = 7;
    /** To the pool: an item failed, and the rest of its batch is not computed; a {@link Failure}. */
    public static final int FAILURE = 8;
    /** To the pool: the initializer failed, and the worker leaves; a {@link Failure}. */
    public static final int UNFIT = 9;
    /** To the pool: the worker is not to be trusted any more, and leaves when it is told to. */
    public static final int WORN = 10;

    /** To the worker: which of {@link Loaders} has the classes of the task or initializer that comes next. */
    public static final int LOADER = 11;

    /** Bytes of {@link #BATCH}. */
    public static final int BATCH_BYTES = 32;

    /** A task's form: an {@code io.cleave.pool.Task}. */
    public static final int APPLY = 0;
    /** A task's form: a Callable, whose one item is null. */
    public static final int CALL = 1;
    /** A task's form: a Runnable, whose one item is null. */
    public static final int RUN = 2;
    /** A task's form: an {@code io.cleave.pool.AsyncTask}. */
    public static final int ASYNC = 3;

    private TaskFrames() {
    }
}

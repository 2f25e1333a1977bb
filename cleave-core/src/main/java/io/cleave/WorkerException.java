package io.cleave;

import org.jspecify.annotations.Nullable;

/**
 * Where a task failed: which item, at which place of the input, in which worker, with the stack as it was there.
 *
 * <p>
 * A failed task reaches the caller as the exception that the task threw; this exception is among its suppressed ones.
 * Where the original cannot be carried from the worker to the caller, this exception stands in for it.
 */
public class WorkerException extends CleaveException {
    private static final long serialVersionUID = 1L;

    /** The item's text. */
    private final String item;
    /** The item's place in the input. */
    private final long index;
    /** Who computed. */
    private final String worker;
    /** The worker's stack trace. */
    private final String remoteStack;

    /**
     * Makes the account of a failed task.
     *
     * @param message what went wrong
     * @param item the item, as text
     * @param index the item's place in the input, from 0; -1 where no single item is to blame
     * @param worker who computed it, such as {@code "child 4711"}
     * @param remoteStack the stack trace as printed by the worker, empty where there is none
     * @param cause the error below, or null
     */
    public WorkerException(String message, String item, long index, String worker, String remoteStack,
            @Nullable Throwable cause) {
        super(message, cause);
        this.item = item;
        this.index = index;
        this.worker = worker;
        this.remoteStack = remoteStack;
    }

    /**
     * The item at which the task failed, as text.
     *
     * @return the item's text, shortened where it is long
     */
    public String item() {
        return item;
    }

    /**
     * The item's place in the input.
     *
     * @return the place, from 0; -1 where no single item is to blame
     */
    public long index() {
        return index;
    }

    /**
     * Who computed the item.
     *
     * @return the worker's kind and process or thread id
     */
    public String worker() {
        return worker;
    }

    /**
     * The stack trace as it was in the worker.
     *
     * @return the printed stack trace, empty where there is none
     */
    public String remoteStack() {
        return remoteStack;
    }
}

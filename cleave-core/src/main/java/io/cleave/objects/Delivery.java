package io.cleave.objects;

/**
 * An element that was received from a {@link SharedQueue} and is to be acknowledged once what it is for has been done: a job
 * that outlives its worker.
 *
 * <pre>{@code
 * try (Delivery<Job> delivery = jobs.receive()) {
 *     delivery.element().run();
 *     delivery.acknowledge();
 * }
 * }</pre>
 *
 * <p>
 * Until then it is nobody else's. It goes back to the head of the queue, to be the next that is taken, where it is closed
 * before, where its process dies in whatever way, or where the {@link SharedHeap} is closed that its queue was opened with.
 * Closing a heap waits for a second at most for others who hold a queue's lock, as one that is stopped: what could not go back
 * then does when the process ends.
 * So each element is acknowledged once, or is in the queue, or belongs to one delivery of one process that lives. Work that was
 * done and not acknowledged when its process died is done again by another: let it do no harm twice. Two never have the same
 * element at a time.
 *
 * <p>
 * A delivery that is neither acknowledged nor closed stays in flight as long as its process lives, also one that is stopped, and
 * also where nobody refers to it any more: close it. The delivery belongs to its process: a forked child cannot
 * acknowledge it, which is an {@link IllegalMonitorStateException}, and closes nothing.
 *
 * <p>
 * All methods may be called by any thread. Acknowledging and closing take the queue's lock for taking for a moment, some 0.3
 * microseconds, and wait for it without regard to interrupts.
 *
 * @param <E> the class of the element
 */
public interface Delivery<E> extends AutoCloseable {
    /**
     * What was received.
     *
     * @return the element, the same object at each call
     */
    E element();

    /**
     * How often the element was received, this time included.
     *
     * @return 1 at first; more for one that came back, or whose taker died or could not read it
     */
    int deliveryCount();

    /**
     * Says that the element is not needed any more: it is gone for good. Another call does nothing.
     *
     * @throws IllegalStateException where the delivery or its heap was closed before; the element went back then
     * @throws io.cleave.StaleReferenceException where the queue was dropped
     */
    void acknowledge();

    /**
     * Gives the element back to the head of the queue, unless it was acknowledged. Another call does nothing.
     *
     * @throws IllegalStateException where the heap is being closed at this moment, which gives the element back
     */
    @Override
    void close();
}

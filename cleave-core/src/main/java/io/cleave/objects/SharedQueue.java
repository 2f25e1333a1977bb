package io.cleave.objects;

import java.util.Collection;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/**
 * A bounded queue, or stack, that lives in a shared heap: any number of threads of all processes that have it open put
 * elements in and take them out.
 *
 * <pre>{@code
 * SharedQueue<String> lines = heap.queue("lines", String.class, 1000);
 * lines.put("one");               // in one process
 * String line = lines.take();     // in another
 * }</pre>
 *
 * <p>
 * <b>Order.</b> What {@link SharedHeap#queue} makes is first in, first out, for all processes together; what
 * {@link SharedHeap#stack} makes is last in, first out. Iterators go in the order in which elements would be taken.
 *
 * <p>
 * <b>Death.</b> Each operation on one element has happened as a whole or not at all, whatever process is killed at whatever
 * moment: no element is lost, comes twice, or comes in part. What a dead process held up goes on within 0.1 s. A process that
 * is stopped in the middle of putting holds up those who put, one that is stopped in the middle of taking those who take,
 * until it goes on, those who wait for a limited time for some seconds; nothing of what it is at is overwritten. An element whose taker dies after it has been taken is gone with it.
 *
 * <p>
 * <b>Elements</b> are copied: what is taken is another object than what was put. None can be null. Short ones, of up to some
 * 100 bytes, lie in the queue itself, which has room for {@link #capacity} of them from the beginning; a longer one takes a block of
 * the heap, so that putting it can be a {@link io.cleave.HeapFullException}, and then has not happened. An element that
 * cannot be read in a process, as its class is missing there or refused, is an exception for who wants to take it, and
 * stays. {@code contains}, {@code remove(Object)} and their kin compare by {@code equals}, arrays by what they hold.
 * Code of an element's class that runs while it is taken (to deserialize it) must not use the queue.
 *
 * <p>
 * <b>Waiting.</b> Virtual threads that wait do not hold their carrier. Who waits looks for up to 40 microseconds, the longer the
 * more often that was enough, and then sleeps until there is something for it. A platform thread notices an interrupt, or
 * that the heap is closed, within 50 ms. Waiting threads of a queue that is dropped get a
 * {@link io.cleave.StaleReferenceException}, those of a heap that is closed an {@link IllegalStateException}.
 *
 * <p>
 * Iterators, and what else goes through all elements, are weakly consistent, take no lock, and read each element once that is
 * in the queue all the time. {@code size} is exact while nobody changes the queue. {@code addAll}, {@code removeIf},
 * {@code clear} and their kin happen element by element. To take an element out of the middle takes time in proportion to the
 * number of elements before it (about a third of a microsecond each).
 *
 * <p>
 * <b>Cost.</b> To put or take a short element is two atomic operations on a line of the cache that those share who do
 * the same, and a copy. {@link #offerAll}, {@link #putAll} and {@code drainTo} do many elements for that.
 *
 * <p>
 * Memory consistency effects: actions in a thread before it puts an element happen before actions after another thread,
 * in this or another process, has taken or read it.
 *
 * @param <E> the class of the elements
 */
public interface SharedQueue<E> extends BlockingQueue<E> {
    /**
     * How many elements there can be.
     *
     * @return what it was made with
     */
    int capacity();

    /**
     * Puts as many of some elements as there is room for, in their order. Others may come in between.
     *
     * @param elements none of them null
     * @return how many were put: the first ones
     * @throws io.cleave.HeapFullException where there is no block for a long one; those before it have been put
     */
    int offerAll(Collection<? extends E> elements);

    /**
     * Puts elements in their order, and waits for room where there is none. Others may come in between.
     *
     * @param elements none of them null
     * @throws InterruptedException where the thread is interrupted, before or while it waits; some may have been put
     * @throws io.cleave.HeapFullException where there is no block for a long one; those before it have been put
     */
    void putAll(Collection<? extends E> elements) throws InterruptedException;

    /**
     * Takes an element without keeping a thread.
     *
     * <p>
     * An element is taken only for a future that is not complete yet, and that nobody can cancel or complete from then on: so
     * none is lost between the two. Cancelling ends the wait. A future that nobody needs has to be cancelled: it would take an
     * element, of whoever waits without an order among them.
     *
     * @return completes with the element; exceptionally where the heap is closed, the queue is dropped, or the element cannot
     *         be read, which then stays
     */
    CompletableFuture<E> takeAsync();

    /**
     * A publisher of the elements: each goes to one subscriber, or to whoever else takes it. An element is taken only when its
     * subscriber has asked for it, and it gets what was taken for it also where it cancels meanwhile; all others stay in the
     * queue. It does not complete. Where the heap is closed, the queue is dropped or an element cannot be read, subscribers get an error. Each
     * subscriber is called by a virtual thread of its own; what it throws ends its subscription.
     *
     * @return any number of subscribers, in any process, may share the queue
     */
    Flow.Publisher<E> publisher();
}

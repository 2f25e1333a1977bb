package io.cleave.objects;

import java.util.Collection;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

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
 * One whose putter dies at the moment of putting it may be there for who takes, while {@code peek}, {@code size} and iterators see it
 * only once something else is put.
 *
 * <p>
 * <b>Elements</b> are copied: what is taken is another object than what was put. None can be null. Short ones, of up to some
 * 100 bytes, lie in the queue itself, which has room for {@link #capacity} of them from the beginning; a longer one takes a block of
 * the heap, so that putting it can be a {@link io.cleave.HeapFullException}, and then has not happened. An element that
 * cannot be read in a process, as its class is missing there or refused, is an exception for who wants to take it, and
 * stays at the head. {@code contains}, {@code remove(Object)} and their kin compare by {@code equals}, arrays by what they hold.
 * Code of an element's class that runs while it is taken (to deserialize it) holds up nobody.
 *
 * <p>
 * <b>Jobs.</b> What is {@linkplain #take() taken} is gone with who has taken it. What is {@linkplain #receive() received} is to be
 * acknowledged when it is done, and goes back to the head where its process dies before ({@link Delivery}).
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
 * <b>Cost.</b> To put or take a short element is a copy, and two atomic operations on a line of the cache that those
 * share who do the same; none where one thread does so again and again. {@link #offerAll}, {@link #putAll} and {@code drainTo} do many elements for that.
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
     * Receives the next element, and waits for one where there is none: it belongs to the delivery that is returned until it
     * is acknowledged, and goes back to the head of the queue where that never happens. See {@link Delivery}.
     *
     * <p>
     * In flight it is no element of the queue: {@code size}, {@code contains}, {@code clear} and iterators do not see it, and it does not
     * count for the capacity. One that has come back is an element again, is taken before all that were not received, and leaves
     * the capacity to others: so the size can be more than that. Those that came back are taken in the order in which they were
     * put; in a stack in the opposite one. What goes back on account of its process's death does so within some 0.1 s. With the
     * queue, what is in flight is dropped as well.
     *
     * <p>
     * To receive and acknowledge costs some 0.5 microseconds more than to take, and more memory of the heap where as many are
     * in flight as never before, at most 1,048,560; it is used again, and not given back before the queue is dropped.
     *
     * @return the delivery
     * @throws InterruptedException where the thread is interrupted, before or while it waits
     * @throws io.cleave.HeapFullException where there is no memory for one more in flight, or as many are as can be; the
     *         element stays in the queue
     * @throws io.cleave.IncompatibleBlockException where the element cannot be read; it goes back
     */
    Delivery<E> receive() throws InterruptedException;

    /**
     * Receives the next element, as {@link #receive()} does, and waits for a limited time.
     *
     * @param timeout how long; 0 and negative mean not to wait
     * @param unit its unit
     * @return the delivery; null where no element came in time
     * @throws InterruptedException where the thread is interrupted, before or while it waits
     */
    @Nullable Delivery<E> receive(long timeout, TimeUnit unit) throws InterruptedException;

    /**
     * Receives the next element, as {@link #receive()} does, if there is one.
     *
     * @return the delivery; null where there is no element
     */
    @Nullable Delivery<E> tryReceive();

    /**
     * Receives an element without keeping a thread, as {@link #takeAsync} takes one: a future that is cancelled gets none.
     *
     * @return completes with the delivery; exceptionally as that of {@code takeAsync} does
     */
    CompletableFuture<Delivery<E>> receiveAsync();

    /**
     * How many elements have been received and are neither acknowledged nor back.
     *
     * @return gathered while others go on; those of a dead process count until they are back
     */
    int inFlight();

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

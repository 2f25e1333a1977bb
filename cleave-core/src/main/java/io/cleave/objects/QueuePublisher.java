package io.cleave.objects;

import io.cleave.owner.Patience;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The elements of a queue for subscribers, each with a virtual thread that takes what its subscriber has asked for. */
final class QueuePublisher<E> implements Flow.Publisher<E> {
    private final HeapQueue<E> queue;

    QueuePublisher(HeapQueue<E> queue) {
        this.queue = queue;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super E> subscriber) {
        Objects.requireNonNull(subscriber, "the subscriber is null");
        Subscription<E> subscription = new Subscription<>(queue, subscriber);
        subscriber.onSubscribe(subscription);
        subscription.thread.start();
    }

    private static final class Subscription<E> implements Flow.Subscription {
        private final HeapQueue<E> queue;
        private final QueueClaim claim = new QueueClaim();
        private final Thread thread;
        /** How many elements it still wants. */
        private final AtomicLong demand = new AtomicLong();
        private volatile boolean isCancelled;
        private volatile @Nullable IllegalArgumentException fault;

        Subscription(HeapQueue<E> queue, Flow.Subscriber<? super E> subscriber) {
            this.queue = queue;
            this.thread = Thread.ofVirtual().name("cleave-publish").unstarted(() -> run(subscriber));
        }

        @Override
        public void request(long count) {
            if (count <= 0) {
                fault = new IllegalArgumentException("request(" + count + "): a subscriber asks for 1 at least (3.9)");
                interrupt();
            } else {
                long _ = demand.accumulateAndGet(count, Subscription::sum);
                LockSupport.unpark(thread);
            }
        }

        private static long sum(long one, long other) {
            long sum = one + other;
            return sum < 0 ? Long.MAX_VALUE : sum;
        }

        @Override
        public void cancel() {
            isCancelled = true;
            interrupt();
        }

        /** Ends a wait for an element, unless one is being taken or delivered. */
        private void interrupt() {
            if (claim.close()) {
                thread.interrupt();
            }
        }

        private void run(Flow.Subscriber<? super E> subscriber) {
            try {
                while (hasDemand()) {
                    E element = next();
                    if (element != null) {
                        long _ = demand.getAndUpdate(left -> left == Long.MAX_VALUE ? left : left - 1);
                        subscriber.onNext(element);
                        claim.reopen();
                    }
                }
            } catch (RuntimeException e) {
                fail(subscriber, e);
                return;
            }
            IllegalArgumentException wrong = fault;
            if (wrong != null && !isCancelled) {
                subscriber.onError(wrong);
            }
        }

        /** The next element; null where it is not wanted any more. */
        private @Nullable E next() {
            try {
                return queue.take(claim, Patience.FOREVER);
            } catch (InterruptedException e) {
                return null; // hasDemand tells why
            } catch (Throwable e) { // an Error, too: the subscriber has to learn that nothing more comes
                throw new Lost(e);
            }
        }

        /** Ends the subscription where the queue was dropped or the heap closed, though nobody asks for an element. */
        private void requireQueue() {
            try {
                queue.requireUse();
            } catch (RuntimeException e) {
                throw new Lost(e);
            }
        }

        /** The queue can give no more. What a subscriber throws is none of these. */
        private static final class Lost extends RuntimeException {
            private static final long serialVersionUID = 1L;

            Lost(Throwable cause) {
                super(cause);
            }
        }

        private void fail(Flow.Subscriber<? super E> subscriber, RuntimeException e) {
            if (!(e instanceof Lost)) {
                isCancelled = true;
                throw e;
            }
            if (!isCancelled) {
                subscriber.onError(Objects.requireNonNull(e.getCause()));
            }
        }

        /** Waits until the subscriber wants something; false where it never will. */
        private boolean hasDemand() {
            while (!isCancelled && fault == null) {
                if (demand.get() > 0) {
                    return true;
                }
                boolean _ = Thread.interrupted();
                LockSupport.parkNanos(this, Patience.SLICE_NANOS);
                requireQueue();
            }
            return false;
        }
    }
}

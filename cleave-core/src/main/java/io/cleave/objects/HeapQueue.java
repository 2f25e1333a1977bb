package io.cleave.objects;

import io.cleave.owner.Patience;
import java.util.AbstractQueue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The queue of {@link SharedQueue}: elements over a {@link QueueRing}. */
final class HeapQueue<E> extends AbstractQueue<E> implements SharedQueue<E> {
    /** How many elements are encoded before a lock is acquired for them. */
    private static final int BATCH = 64;

    private final QueueRing ring;
    private final QueueElements<E> elements;
    private final QueuePutter putter;
    private final QueueTaker<E> taker;
    /** The deliveries of the handle on the heap, of all its queues. */
    private final Set<QueueDelivery<?>> open;

    /**
     * The queue over a ring.
     *
     * @param name for messages
     * @param open gets its deliveries, as long as they are
     * @throws io.cleave.IncompatibleBlockException where it was made with another class
     */
    HeapQueue(String name, QueueRing ring, ValueEncoding<E> encoding, Set<QueueDelivery<?>> open) {
        this.open = open;
        this.ring = ring;
        this.elements = new QueueElements<>(encoding);
        this.putter = new QueuePutter(ring);
        this.taker = new QueueTaker<>(ring, elements);
        ring.checkSchema(name, encoding.schema());
    }

    QueueRing ring() {
        return ring;
    }

    private static boolean always() {
        return true;
    }

    /** Refuses to move elements from a queue to the same one, which would not end or find no room. */
    private void refuseSelf(Collection<?> collection) {
        Objects.requireNonNull(collection, "the collection is null");
        if (collection instanceof HeapQueue<?> other && ring.isSame(other.ring)) {
            throw new IllegalArgumentException(
                    "elements of a queue cannot be moved to the same queue; name another collection");
        }
    }

    @Override
    public boolean offer(E element) {
        try {
            if (elements.isBytes()) {
                return putter.put(elements.bytes(element), Patience.UNINTERRUPTIBLY);
            }
            try (ValueBuffer buffer = ValueBuffer.lend()) {
                return putter.put(elements.encode(element, buffer), Patience.UNINTERRUPTIBLY);
            }
        } catch (InterruptedException e) {
            throw QueueSide.uninterruptible(e);
        }
    }

    @Override
    public boolean offer(E element, long timeout, TimeUnit unit) throws InterruptedException {
        Objects.requireNonNull(unit, "the unit is null");
        return offer(element, Patience.of(timeout, unit));
    }

    @Override
    public void put(E element) throws InterruptedException {
        boolean _ = offer(element, Patience.FOREVER);
    }

    private boolean offer(E element, Patience patience) throws InterruptedException {
        if (elements.isBytes()) {
            return put(elements.bytes(element), patience);
        }
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            return put(elements.encode(element, buffer), patience);
        }
    }

    private boolean put(QueueContent element, Patience patience) throws InterruptedException {
        QueueSide.refuseInterrupted();
        return putter.put(element, patience)
                || ring.putters().await(() -> putter.put(element, patience), patience);
    }

    @Override
    public @Nullable E poll() {
        try {
            return taker.take(HeapQueue::always, Patience.UNINTERRUPTIBLY);
        } catch (InterruptedException e) {
            throw QueueSide.uninterruptible(e);
        }
    }

    @Override
    public @Nullable E poll(long timeout, TimeUnit unit) throws InterruptedException {
        Objects.requireNonNull(unit, "the unit is null");
        return poll(Patience.of(timeout, unit));
    }

    @Override
    @SuppressWarnings("NullAway") // it waits until there is one
    public E take() throws InterruptedException {
        return poll(Patience.FOREVER);
    }

    private @Nullable E poll(Patience patience) throws InterruptedException {
        return await(taker::take, patience);
    }

    /** Takes or receives an element, and waits for one where there is none. */
    private <T> @Nullable T await(Way<T> way, Patience patience) throws InterruptedException {
        QueueSide.refuseInterrupted();
        T result = way.take(HeapQueue::always, patience);
        return result != null ? result : await(way, new QueueClaim(), patience);
    }

    private <T> @Nullable T await(Way<T> way, QueueClaim claim, Patience patience) throws InterruptedException {
        Taking<T> taking = new Taking<>(way, claim, patience);
        boolean _ = ring.takers().await(taking, patience);
        return taking.taken;
    }

    /**
     * Waits for an element.
     *
     * @param claim says whether it may be taken
     * @return null where the time is over, or it was not to be taken
     */
    @Nullable E take(QueueClaim claim, Patience patience) throws InterruptedException {
        return await(taker::take, claim, patience);
    }

    private @Nullable Delivery<E> receive(BooleanSupplier mayTake, Patience patience) throws InterruptedException {
        return taker.receive(open, mayTake, patience);
    }

    @Override
    public @Nullable Delivery<E> tryReceive() {
        try {
            return receive(HeapQueue::always, Patience.UNINTERRUPTIBLY);
        } catch (InterruptedException e) {
            throw QueueSide.uninterruptible(e);
        }
    }

    @Override
    public @Nullable Delivery<E> receive(long timeout, TimeUnit unit) throws InterruptedException {
        Objects.requireNonNull(unit, "the unit is null");
        return this.<Delivery<E>>await(this::receive, Patience.of(timeout, unit));
    }

    @Override
    @SuppressWarnings("NullAway") // it waits until there is one
    public Delivery<E> receive() throws InterruptedException {
        return this.<Delivery<E>>await(this::receive, Patience.FOREVER);
    }

    @Override
    public CompletableFuture<Delivery<E>> receiveAsync() {
        return new QueueFuture<Delivery<E>>(claim -> await(this::receive, claim, Patience.FOREVER)).start();
    }

    @Override
    public int inFlight() {
        int count = ring.table().inFlight();
        ring.requireUse();
        return count;
    }

    @Override
    public @Nullable E peek() {
        return new QueueReader<>(ring, elements).next();
    }

    @Override
    public int size() {
        int size = ring.size() + ring.table().returned();
        ring.requireUse();
        return size;
    }

    /** Refuses to go on where the queue was dropped or the heap closed. */
    void requireUse() {
        ring.gate().enter();
        try {
            ring.requireUse();
        } finally {
            ring.gate().exit();
        }
    }

    @Override
    public int capacity() {
        return ring.capacity();
    }

    @Override
    public int remainingCapacity() {
        int room = ring.capacity() - ring.size();
        ring.requireUse();
        return room;
    }

    @Override
    public int drainTo(Collection<? super E> target) {
        return drainTo(target, Integer.MAX_VALUE);
    }

    @Override
    public int drainTo(Collection<? super E> target, int most) {
        refuseSelf(target);
        int limit = Math.min(most, mostElements());
        int count = 0;
        List<E> batch = new ArrayList<>();
        int taken = 1;
        while (count < limit && taken > 0) {
            taken = take(batch, limit - count);
            target.addAll(batch);
            batch.clear();
            count += taken;
        }
        return count;
    }

    /** How many elements there can be now: what others put meanwhile need not be taken, or taking would not end. */
    private int mostElements() {
        return ring.capacity() + ring.table().returned();
    }

    private int take(@Nullable List<E> target, int most) {
        try {
            return taker.take(target, most, Patience.UNINTERRUPTIBLY);
        } catch (InterruptedException e) {
            throw QueueSide.uninterruptible(e);
        }
    }

    @Override
    public void clear() {
        int left = mostElements();
        int taken = 1;
        while (left > 0 && taken > 0) {
            taken = take(null, left);
            left -= taken;
        }
    }

    @Override
    public boolean addAll(Collection<? extends E> collection) {
        refuseSelf(collection);
        return super.addAll(collection);
    }

    @Override
    public int offerAll(Collection<? extends E> collection) {
        try {
            return putAll(collection, Patience.TRY);
        } catch (InterruptedException e) {
            throw QueueSide.uninterruptible(e);
        }
    }

    @Override
    public void putAll(Collection<? extends E> collection) throws InterruptedException {
        QueueSide.refuseInterrupted();
        int _ = putAll(collection, Patience.FOREVER);
    }

    private int putAll(Collection<? extends E> collection, Patience patience) throws InterruptedException {
        refuseSelf(collection);
        List<ValueBuffer> buffers = elements.lendBuffers();
        try {
            int count = 0;
            for (Iterator<? extends E> all = collection.iterator(); all.hasNext();) {
                List<QueueContent> batch = elements.encode(all, BATCH, buffers);
                int put = put(batch, patience);
                count += put;
                if (put < batch.size()) {
                    return count;
                }
            }
            return count;
        } finally {
            elements.giveBack(buffers);
        }
    }

    /** Puts encoded elements, as many as there is room and patience for. */
    private int put(List<QueueContent> contents, Patience patience) throws InterruptedException {
        int count = 0;
        while (count < contents.size()) {
            int put = putter.put(contents, count, patience.isTry() ? Patience.UNINTERRUPTIBLY : patience);
            count += put;
            if (put == 0) {
                QueueContent next = contents.get(count);
                boolean isPut = patience.isTry() ? putter.put(next, Patience.UNINTERRUPTIBLY)
                        : ring.putters().await(() -> putter.put(next, patience), patience);
                if (!isPut) {
                    return count;
                }
                count++;
            }
        }
        return count;
    }

    @Override
    public boolean contains(@Nullable Object object) {
        QueueReader<E> reader = new QueueReader<>(ring, elements);
        for (E element = reader.next(); element != null; element = reader.next()) {
            if (Objects.deepEquals(element, object)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean remove(@Nullable Object object) {
        QueueReader<E> reader = new QueueReader<>(ring, elements);
        for (E element = reader.next(); element != null; element = reader.next()) {
            if (Objects.deepEquals(element, object) && removeIds(reader.id())) {
                return true;
            }
        }
        return false;
    }

    private boolean removeIds(long... ids) {
        try {
            return taker.remove(ids) > 0;
        } catch (InterruptedException e) {
            throw QueueSide.uninterruptible(e);
        }
    }

    @Override
    public boolean removeIf(Predicate<? super E> filter) {
        Objects.requireNonNull(filter, "the filter is null");
        long[] ids = new long[BATCH];
        int count = 0;
        QueueReader<E> reader = new QueueReader<>(ring, elements);
        for (E element = reader.next(); element != null; element = reader.next()) {
            if (filter.test(element)) {
                if (count == ids.length) {
                    ids = Arrays.copyOf(ids, 2 * count);
                }
                ids[count++] = reader.id();
            }
        }
        ids = Arrays.copyOf(ids, count);
        sort(ids);
        return count > 0 && removeIds(ids);
    }

    /** Sorts ids, which are not far from each other, and may be those before and after an overflow. */
    private static void sort(long[] ids) {
        long base = ids.length == 0 ? 0 : ids[0];
        for (int i = 0; i < ids.length; i++) {
            ids[i] -= base;
        }
        Arrays.sort(ids);
        for (int i = 0; i < ids.length; i++) {
            ids[i] += base;
        }
    }

    @Override
    public boolean removeAll(Collection<?> others) {
        Objects.requireNonNull(others, "the collection is null");
        return removeIf(others::contains);
    }

    @Override
    public boolean retainAll(Collection<?> others) {
        Objects.requireNonNull(others, "the collection is null");
        return removeIf(element -> !others.contains(element));
    }

    @Override
    public Iterator<E> iterator() {
        return new Cursor();
    }

    @Override
    public Spliterator<E> spliterator() {
        return Spliterators.spliteratorUnknownSize(iterator(),
                Spliterator.CONCURRENT | Spliterator.NONNULL | Spliterator.ORDERED);
    }

    @Override
    public CompletableFuture<E> takeAsync() {
        return new QueueFuture<E>(claim -> take(claim, Patience.FOREVER)).start();
    }

    @Override
    public Flow.Publisher<E> publisher() {
        return new QueuePublisher<>(this);
    }

    /** Reads one element ahead. */
    private final class Cursor implements Iterator<E> {
        private final QueueReader<E> reader = new QueueReader<>(ring, elements);
        private @Nullable E next = reader.next();
        private long nextId = reader.id();
        private long lastId;
        private boolean canRemove;

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public E next() {
            E element = next;
            if (element == null) {
                throw new NoSuchElementException();
            }
            lastId = nextId;
            canRemove = true;
            next = reader.next();
            nextId = reader.id();
            return element;
        }

        @Override
        public void remove() {
            if (!canRemove) {
                throw new IllegalStateException("remove() comes after next(), once");
            }
            canRemove = false;
            boolean _ = removeIds(lastId);
        }
    }

    /** How an element is taken. */
    private interface Way<T> {
        @Nullable T take(BooleanSupplier mayTake, Patience patience) throws InterruptedException;
    }

    private static final class Taking<T> implements QueueSide.Attempt {
        private final Way<T> way;
        private final QueueClaim claim;
        private final Patience patience;
        private @Nullable T taken;

        Taking(Way<T> way, QueueClaim claim, Patience patience) {
            this.way = way;
            this.claim = claim;
            this.patience = patience;
        }

        @Override
        public boolean isDone() throws InterruptedException {
            taken = way.take(claim, patience);
            return taken != null || claim.isClosed();
        }
    }
}

package io.cleave.objects;

import io.cleave.heap.HeapMemory;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** One watcher of a map: a thread that reads the map's log ({@link MapLog}) and calls the user's functions. */
final class MapWatch<K, V> implements AutoCloseable {
    private static final String THREAD_NAME = "cleave-watch-";

    private final HeapMap<K, V> map;
    private final MapTable table;
    private final MapLog log;
    private final HeapMemory memory;
    private final ValueEncoding<K> keys;
    private final ValueEncoding<V> values;
    private final BiConsumer<K, V> onChange;
    private final LongConsumer onMissed;
    private final Thread thread;
    private final long owner = Participants.newOwner();
    private int place;
    /** The number of the next record to read. Of the thread's. */
    private long next;
    private volatile boolean isClosed;

    MapWatch(String name, HeapMap<K, V> map, MapTable table, ValueEncoding<K> keys, ValueEncoding<V> values,
            BiConsumer<K, V> onChange, LongConsumer onMissed) {
        this.map = map;
        this.table = table;
        this.log = table.log();
        this.memory = table.memory();
        this.keys = keys;
        this.values = values;
        this.onChange = onChange;
        this.onMissed = onMissed;
        this.thread = Thread.ofPlatform().daemon().name(THREAD_NAME + name).unstarted(this::run);
    }

    /** Begins: what happens from now on is told. */
    MapWatch<K, V> start() {
        table.gate().enter();
        try {
            place = log.register(owner);
            long head = log.headInUse();
            if (head != 0) {
                next = memory.getAcquire(head + MapLogLayout.SEQUENCE);
                thread.start();
            }
            return this;
        } finally {
            table.gate().exit();
        }
    }

    private void run() {
        while (!isClosed) {
            Runnable news;
            try {
                table.gate().enter();
            } catch (IllegalStateException e) {
                return; // the heap is closed
            }
            try {
                news = next();
            } catch (InterruptedException e) {
                return; // nobody else knows this thread
            } finally {
                table.gate().exit();
            }
            if (news != null && !isClosed) {
                call(news);
            }
        }
    }

    /** What throws is the handler's. */
    private void call(Runnable news) {
        try {
            news.run();
        } catch (RuntimeException | Error e) {
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
    }

    /** What is to be told next; null where there is nothing after some time. */
    private @Nullable Runnable next() throws InterruptedException {
        long head = log.headInUse();
        if (head == 0) {
            isClosed = true;
            return null;
        }
        long sequence = memory.getAcquire(head + MapLogLayout.SEQUENCE); // SYNC: map-log-sequence
        if (sequence == next) {
            sleep(head, sequence);
            return null;
        }
        VarHandle.loadLoadFence(); // the sequence was read before the look whether it was one
        if (log.headInUse() != head) {
            return null;
        }
        return sequence - next >= MapLogLayout.RECORDS ? skip(sequence) : read(head);
    }

    private Runnable skip(long sequence) {
        long oldest = sequence - MapLogLayout.RECORDS + 1;
        long missed = oldest - next;
        next = oldest;
        return () -> onMissed.accept(missed);
    }

    private @Nullable Runnable read(long head) {
        long recordAt = MapLogLayout.recordAt(memory.getPlain(head + MapLogLayout.RING), next);
        byte[] bytes = memory.isCommitted(recordAt, Long.BYTES) ? copy(memory.getAcquire(recordAt)) : null;
        VarHandle.loadLoadFence(); // the record was read before the looks
        long sequence = memory.getAcquire(head + MapLogLayout.SEQUENCE); // SYNC: map-log-sequence
        if (log.headInUse() != head) {
            return null;
        }
        if (sequence - next >= MapLogLayout.RECORDS) {
            return skip(sequence);
        }
        next++;
        if (bytes == null) {
            throw MapTable.damaged("a record of its log of changes is rubbish");
        }
        return () -> tell(MemorySegment.ofArray(bytes));
    }

    /** The bytes of a record that may be rubbish. */
    private byte @Nullable [] copy(long record) {
        long lengthsAt = record + MapLogLayout.ENTRY_IN_RECORD;
        if (record % Long.BYTES != 0
                || !memory.isCommitted(record, MapLogLayout.ENTRY_IN_RECORD + MapLayout.ENTRY_HEAD)) {
            return null;
        }
        long lengths = memory.getPlain(lengthsAt);
        long bytes = MapLogLayout.ENTRY_IN_RECORD + (memory.getPlain(record) == MapLogLayout.PUT
                ? MapLayout.entryBytes(lengths) : MapLayout.ENTRY_HEAD + MapLayout.keyLength(lengths));
        if (bytes > Integer.MAX_VALUE - Long.BYTES || !memory.isCommitted(record, bytes)) {
            return null;
        }
        byte[] copy = new byte[(int) bytes];
        memory.copyOut(record, copy, 0, copy.length);
        return copy;
    }

    @SuppressWarnings("NullAway") // the value is null where there is none, as the user was told
    private void tell(MemorySegment record) {
        long form = record.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        long lengths = record.get(ValueLayout.JAVA_LONG_UNALIGNED, MapLogLayout.ENTRY_IN_RECORD);
        int keyLength = MapLayout.keyLength(lengths);
        K key = keys.decode(record, MapLogLayout.ENTRY_IN_RECORD + MapLayout.ENTRY_HEAD, keyLength);
        V value = null;
        if (form == MapLogLayout.PUT) {
            value = values.decode(record, MapLogLayout.ENTRY_IN_RECORD + MapLayout.valueIn(keyLength),
                    MapLayout.valueLength(lengths));
        } else if (form == MapLogLayout.LARGE) {
            value = map.get(key);
        }
        onChange.accept(key, value);
    }

    private void sleep(long head, long sequence) throws InterruptedException {
        if (!log.addSleeper(head)) {
            return;
        }
        VarHandle.fullFence(); // SYNC: map-log-sleepers; set before the look at the sequence
        if (memory.getAcquire(head + MapLogLayout.SEQUENCE) != sequence) {
            return;
        }
        boolean _ = log.cell(head).sleep(sequence, Patience.of(Patience.SLICE_NANOS), () -> true);
    }

    @Override
    public void close() {
        isClosed = true;
        if (!thread.equals(Thread.currentThread())) {
            joinUninterruptibly();
        }
        try {
            table.gate().enter();
        } catch (IllegalStateException e) {
            return; // the heap is closed, and with it went the watch
        }
        try {
            log.unregister(place, owner);
        } finally {
            table.gate().exit();
        }
    }

    private void joinUninterruptibly() {
        boolean wasInterrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                wasInterrupted = true;
            }
        }
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

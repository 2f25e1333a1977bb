package io.cleave.objects;

import io.cleave.heap.HeapMemory;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
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
        place = log.register(owner);
        long head = log.headInUse();
        if (head != 0) {
            next = memory.getAcquire(head + MapLogLayout.SEQUENCE);
            thread.start();
        }
        return this;
    }

    private void run() {
        while (!isClosed) {
            long head = log.headInUse();
            if (head == 0) {
                return;
            }
            long sequence = memory.getAcquire(head + MapLogLayout.SEQUENCE); // SYNC: map-log-sequence
            if (sequence == next) {
                sleep(head, sequence);
            } else if (sequence - next >= MapLogLayout.RECORDS) {
                skip(sequence);
            } else {
                read(head);
            }
        }
    }

    private void skip(long sequence) {
        long oldest = sequence - MapLogLayout.RECORDS + 1;
        long missed = oldest - next;
        next = oldest;
        call(() -> onMissed.accept(missed));
    }

    private void read(long head) {
        long recordAt = MapLogLayout.recordAt(memory.getPlain(head + MapLogLayout.RING), next);
        byte[] bytes = null;
        if (memory.isCommitted(recordAt, Long.BYTES)) {
            bytes = copy(memory.getAcquire(recordAt));
        }
        VarHandle.loadLoadFence(); // the record was read before the looks
        long sequence = memory.getAcquire(head + MapLogLayout.SEQUENCE); // SYNC: map-log-sequence
        if (log.headInUse() != head) {
            return;
        }
        if (sequence - next >= MapLogLayout.RECORDS) {
            skip(sequence);
            return;
        }
        if (bytes == null) {
            throw MapTable.damaged("a record of its log of changes is rubbish");
        }
        next++;
        byte[] record = bytes;
        call(() -> tell(MemorySegment.ofArray(record)));
    }

    /** The bytes of a record that may be rubbish. */
    private byte @Nullable [] copy(long record) {
        long lengthsAt = record + MapLogLayout.ENTRY_IN_RECORD;
        if (record % Long.BYTES != 0 || !memory.isCommitted(record, MapLogLayout.ENTRY_IN_RECORD + MapLayout.ENTRY_HEAD)) {
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

    /** What the user's code throws is the handler's. */
    private void call(Runnable code) {
        if (isClosed) {
            return;
        }
        try {
            code.run();
        } catch (RuntimeException | Error e) {
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
    }

    private void sleep(long head, long sequence) {
        memory.getAndAdd(head + MapLogLayout.SLEEPERS, 1); // SYNC: map-log-sleepers
        if (memory.getAcquire(head + MapLogLayout.SEQUENCE) != sequence) {
            return;
        }
        long holder = memory.getAcquire(head + MapLogLayout.LOCK) & ParticipantsLayout.OWNER;
        if (holder != 0 && Participants.isDead(holder)) {
            log.settle(head);
            return;
        }
        try {
            boolean _ = log.cell(head).sleep(sequence, Patience.of(Patience.SLICE_NANOS), () -> true);
        } catch (InterruptedException e) {
            isClosed = true; // nobody else knows this thread
        }
    }

    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        if (thread != Thread.currentThread()) {
            joinUninterruptibly();
        }
        log.unregister(place, owner);
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

package io.cleave.objects;

import io.cleave.CleaveException;
import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A live object in a heap, as one process has it open.
 *
 * <h2>Overview</h2>
 *
 * A primitive is a word in the object's block of fields, and is read, stored and compared there without a lock.
 * Everything else is the word of a {@link StoredValue}: it is stored under the object's lock, and read without.
 *
 * <p>
 * <b>That the memory is there.</b> A store without a lock may come at any time after the look whether the object is
 * in use. So the object says which processes have it open ({@link ObjectHolders}), and is freed when none has. A
 * handle that reads only, as the heap was opened for that, or that has come too late, is not among these, nor is one
 * that a forked child has inherited, until it changes something: it reads whatever is there, and then looks whether the
 * header still is the object's.
 *
 * <p>
 * <b>Values.</b> A reader has read the version and then the word; it reads the block that the word leads to, and looks
 * whether word and version are the same. Each change of a word with a block raises the version first and frees the
 * block last, so the block was in use all the time, for the reason that {@link MapTable} has for its slots and their
 * versions.
 *
 * <p>
 * <b>Several fields.</b> An update makes the version odd, stores its words by one {@link Change}, and makes the version
 * even again. Who reads several fields copies all words while the version is even and the same: they are of no two
 * sides of an update. Where somebody has died in the middle, which leaves the version odd, who reads takes the lock,
 * which finishes what the dead one has begun.
 *
 * <p>
 * <b>Stores beside an update.</b> What the dead one has begun is finished by storing all its words again, also over what
 * somebody else has stored without a lock since. So nobody does that: {@link ObjectVersion} says how.
 *
 * <p>
 * Order of locks: the object's, as that of any structure; that of the loose structures; a context.
 */
final class HeapObject extends LiveFields {
    /** How often to look for a moment without an update before the lock is taken for it. */
    private static final int LOOKS = 1000;
    private static final long NAP_NANOS = 100_000;
    private static final int MOST_NAPS = 50_000;
    private static final long IN_USE = RootKind.OBJECT.number();

    private final LooseStructures loose;
    private final Heap heap;
    private final HeapMemory memory;
    private final long header;
    private final long generation;
    private final long fields;
    /**
     * The process that keeps the object's memory as long as this is referred to; 0 where none does. Another one only
     * comes under the object's lock, after its word in the object.
     */
    private long holder;

    /**
     * The object with a header.
     *
     * @param memory of the heap
     * @param holder the process that keeps the object's memory for this; where it is 0 this can change nothing
     */
    HeapObject(LiveObjects<?> type, long header, long generation, long fields, HeapMemory memory, long holder) {
        super(type);
        this.loose = type.loose();
        this.heap = loose.heap();
        this.memory = memory;
        this.header = header;
        this.generation = generation;
        this.fields = fields;
        this.holder = holder;
    }

    LooseStructures loose() {
        return loose;
    }

    HeapMemory memory() {
        return memory;
    }

    long generation() {
        return generation;
    }

    long versionAt() {
        return header + ObjectLayout.VERSION;
    }

    long slotAt(int slot) {
        return ObjectLayout.slotAt(fields, slot);
    }

    /** The word of a slot, for who has the lock. */
    long word(int slot) {
        return memory.getPlain(slotAt(slot));
    }

    /** Whether another one is the same object. */
    boolean isSame(HeapObject other) {
        return header == other.header && generation == other.generation && heap.isSame(other.heap);
    }

    int identity() {
        return Long.hashCode(header * 31 + generation);
    }

    /** What was read before is of use only if the header still is the object's. */
    void requireUse() {
        VarHandle.loadLoadFence(); // what was read comes before the look
        if (memory.getPlain(header) != generation
                || memory.getOpaque(header + RootLayout.KIND_IN_HEADER) != IN_USE) {
            throw stale(); // a forked child's parent may have let it go: what is only read needs no holder
        }
    }

    private static StaleReferenceException stale() {
        return new StaleReferenceException(
                "the object was dropped, or what held it was replaced or removed; nothing may "
                        + "use it any more");
    }

    private void requireWritable() {
        requireUse();
        if (holder != Participants.process()) {
            requireHolder();
        }
    }

    /** A forked child has not what its parent holds: it takes a word of its own, if the object is still there. */
    private void requireHolder() {
        if (holder == 0) {
            throw memory.segment().isReadOnly() ? new UnsupportedOperationException(
                    "the heap was opened for reading only; open it without withReadOnly to change something") : stale();
        }
        lock();
        try {
            if (holder != Participants.process()) {
                loose.holders().holdInherited(header, this);
                holder = Participants.process();
            }
        } finally {
            unlock();
        }
    }

    @Override
    long bits(int slot, FieldAccess.Mode mode) {
        try {
            long at = slotAt(slot);
            long bits = mode == FieldAccess.Mode.PLAIN ? memory.getPlain(at) : memory.getAcquire(at);
            requireUse();
            return bits;
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    void setBits(int slot, long bits, FieldAccess.Mode mode) {
        try {
            requireWritable();
            long version = ObjectVersion.awaitEven(this);
            if (mode == FieldAccess.Mode.PLAIN) {
                memory.setPlain(slotAt(slot), bits);
            } else {
                memory.setRelease(slotAt(slot), bits);
                if (mode == FieldAccess.Mode.VOLATILE) {
                    VarHandle.fullFence(); // before what the thread reads after
                }
            }
            if (memory.getAcquire(versionAt()) != version) {
                long _ = ObjectVersion.awaitEven(this); // an update that came over this is at its end before the caller goes on
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    boolean compareAndSetBits(int slot, long expected, long bits) {
        try {
            requireWritable();
            while (true) {
                long version = ObjectVersion.awaitEven(this);
                boolean isSet = memory.cas(slotAt(slot), expected, bits);
                VarHandle.fullFence(); // the look comes after the store
                if (memory.getAcquire(versionAt()) == version
                        || !ObjectVersion.isMended(version, ObjectVersion.awaitEven(this))
                        || !isSet || memory.getAcquire(slotAt(slot)) != expected) {
                    return isSet;
                }
                Thread.onSpinWait(); // an update was stored again over this one, which comes after it
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    @Nullable Object value(int slot) {
        while (true) {
            long version = memory.getAcquire(versionAt()); // SYNC: object-version
            long word = memory.getAcquire(slotAt(slot)); // SYNC: object-field
            requireUse();
            if (isMissing(slot, word)) {
                return holder == 0 ? type().codec(slot).empty() : make(slot);
            }
            try {
                return valueAt(slot, word, version);
            } catch (ObjectView.Changed e) {
                Thread.onSpinWait(); // it is another one now
            }
        }
    }

    @Override
    boolean isMissing(int slot) {
        return isMissing(slot, memory.getAcquire(slotAt(slot)));
    }

    boolean isMissing(int slot, long word) {
        return type().codec(slot).field().isMadeAtOnce() && !StoredValue.isBlock(word);
    }

    /**
     * The value of a word that a slot had at a version.
     *
     * @throws ObjectView.Changed where the word has a block, and the slot another word now
     */
    @Nullable Object valueAt(int slot, long word, long version) {
        try {
            return valueWhileHeld(slot, word, version);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private @Nullable Object valueWhileHeld(int slot, long word, long version) {
        StoredValue<Object> values = type().codec(slot).values();
        if (!StoredValue.isBlock(word)) {
            return isMissing(slot, word) ? value(slot)
                    : word == StoredValue.NOTHING ? null : values.decodeInline(word);
        }
        long length = values.length(word);
        if (length < 0 || length > StoredValue.MOST_UNSURE_BYTES) {
            requireSame(slot, word, version);
            if (length < 0) {
                throw new IncompatibleBlockException("the field " + type().codec(slot).field().name()
                        + " of an object in the heap is damaged: it has the word " + Long.toHexString(word)
                        + "; verify the heap");
            }
        }
        Object read = values.readUnsure(word, length);
        requireSame(slot, word, version);
        return holder == 0 ? values.brief(read) : values.sure(read);
    }

    private void requireSame(int slot, long word, long version) {
        VarHandle.loadLoadFence(); // what was read of the block comes before the looks
        if (memory.getAcquire(slotAt(slot)) != word || memory.getAcquire(versionAt()) != version) {
            requireUse();
            throw new ObjectView.Changed();
        }
        requireUse();
    }

    /** What a slot has, which nobody changes meanwhile. */
    @Nullable Object valueUnderLock(int slot) {
        long word = word(slot);
        if (isMissing(slot, word)) {
            makeUnderLock(slot);
            word = word(slot);
        }
        return word == StoredValue.NOTHING ? null : type().codec(slot).values().decode(word);
    }

    /** Makes the structure that a slot is to have from the first look on. */
    private @Nullable Object make(int slot) {
        requireWritable();
        if (isLockedByMe()) {
            makeUnderLock(slot);
            return value(slot);
        }
        loose.begin();
        try {
            lockForCode();
            try {
                if (isMissing(slot, word(slot))) {
                    makeUnderLock(slot);
                }
            } finally {
                unlock();
            }
        } finally {
            loose.end();
        }
        return value(slot);
    }

    private void makeUnderLock(int slot) {
        LiveObjects.Codec codec = type().codec(slot);
        try (ValueBuffer buffer = lend(codec)) {
            ((StructureEncoding<Object>) codec.encoding()).encodeEmpty(buffer);
            put(slot, StoredValue.NOTHING, buffer);
        }
    }

    /**
     * What a value is encoded into. Closing it drops structures that were encoded and not stored, which may sweep: so
     * where the caller has the choice, it comes after the lock is free again.
     */
    ValueBuffer lend(LiveObjects.Codec codec) {
        ValueBuffer buffer = ValueBuffer.lend();
        boolean isBegun = false;
        try {
            if (codec.isStructure()) {
                buffer.beginHolding(loose);
            }
            isBegun = true;
            return buffer;
        } finally {
            if (!isBegun) {
                buffer.close();
            }
        }
    }

    @Override
    void setValue(int slot, @Nullable Object value) {
        requireWritable();
        LiveObjects.Codec codec = type().codec(slot);
        try (ValueBuffer buffer = lend(codec)) {
            if (codec.isStructure() && LiveStructure.isOne(value) && !isMissing(slot)
                    && LiveStructure.areSame(value(slot), value)) {
                return; // it is not to be copied into its own place
            }
            long word = codec.values().encode(value, buffer);
            lock();
            try {
                put(slot, word, buffer);
            } finally {
                unlock();
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Puts a value into a slot, as {@link StoredValue#encode} has left it. Under the lock. */
    private void put(int slot, long word, ValueBuffer buffer) {
        LiveObjects.Codec codec = type().codec(slot);
        long slotAt = slotAt(slot);
        long old = memory.getPlain(slotAt);
        if (word != StoredValue.NOTHING && !StoredValue.isBlock(old)) {
            memory.setRelease(slotAt, word); // SYNC: object-field
            return;
        }
        change(codec.isStructure(), change -> {
            long stored = word == StoredValue.NOTHING ? codec.values().store(change, buffer) : word;
            change.set(versionAt(), memory.getPlain(versionAt()) + 2); // SYNC: object-version
            change.set(slotAt, stored); // SYNC: object-field
            StoredValue.free(old, change, codec.isStructure() ? loose.lists() : null);
        });
        buffer.forgetMade();
    }

    /** Makes a change. Under the lock. */
    private void change(boolean isHolding, ValueSlots.Collecting collecting) {
        try {
            changeOnce(isHolding, collecting);
        } catch (HeapFullException e) {
            if (!heap.makeRoom()) {
                throw e;
            }
            changeOnce(isHolding, collecting);
        }
    }

    private void changeOnce(boolean isHolding, ValueSlots.Collecting collecting) {
        if (isHolding) {
            loose.lists().lock();
        }
        try (Change change = heap.change()) {
            collecting.into(change);
            change.commit();
        } finally {
            if (isHolding) {
                loose.lists().unlock();
            }
        }
    }

    private void store(ObjectDraft draft) {
        ObjectVersion.begin(memory, versionAt());
        try {
            change(true, draft::into);
        } finally {
            ObjectVersion.end(memory, versionAt());
        }
    }

    private void lock() {
        if (UserCode.ofThread().isRunningFor(heap, header, generation)) {
            throw new IllegalStateException("Recursive update: the function that Live.update calls must change the "
                    + "object by what it is given, and not by another handle; that of Live.read must not change it");
        }
        lockForCode();
    }

    /** Takes the lock also where code of the user's runs for the object in this thread, which reads. */
    private void lockForCode() {
        loose.gate().enter();
        boolean isHolding = false;
        try {
            heap.locks().lock(header + ObjectLayout.LOCK);
            isHolding = true;
            if (memory.getAcquire(header) != generation || RootLayout.isDropped(memory, header)) {
                throw stale();
            }
            ObjectVersion.mend(memory, versionAt());
        } catch (Throwable t) {
            if (isHolding) {
                unlock();
            } else {
                loose.gate().exit();
            }
            throw t;
        }
    }

    private void unlock() {
        heap.locks().unlock(header + ObjectLayout.LOCK);
        loose.gate().exit();
    }

    /** Changes several fields at once, by code that runs under the lock. */
    void update(Consumer<ObjectDraft> editing) {
        requireWritable();
        loose.begin();
        try {
            lock();
            try (ObjectDraft draft = new ObjectDraft(this)) {
                UserCode code = UserCode.ofThread();
                beginCode(code);
                try {
                    editing.accept(draft);
                } finally {
                    code.end();
                }
                if (!draft.isEmpty()) {
                    draft.checkSize();
                    store(draft);
                }
            } finally {
                unlock();
            }
        } finally {
            loose.end();
            Reference.reachabilityFence(this);
        }
    }

    /** Waits for the end of an update, which somebody who died may have left. */
    void await(int look) {
        if (look < LOOKS) {
            Thread.onSpinWait();
        } else if (holder != 0 && !isLockedByMe()) {
            lockOnly();
        } else if (look < LOOKS + MOST_NAPS) {
            Patience.nap(NAP_NANOS);
        } else {
            throw new CleaveException(
                    "an object has been in the middle of an update for seconds, as somebody who made it "
                            + "was stopped or killed; open the heap for writing, which mends that");
        }
    }

    private boolean isLockedByMe() {
        loose.gate().enter();
        try {
            return heap.locks().isHeldByMe(header + ObjectLayout.LOCK);
        } finally {
            loose.gate().exit();
        }
    }

    private void lockOnly() {
        loose.gate().enter();
        try {
            heap.locks().lock(header + ObjectLayout.LOCK);
            ObjectVersion.mend(memory, versionAt());
            heap.locks().unlock(header + ObjectLayout.LOCK);
        } finally {
            loose.gate().exit();
        }
    }

    /** Code of the user's begins to read the object, which so is not to be changed by anything but itself. */
    void beginCode(UserCode code) {
        code.begin(heap, header, generation);
    }

    boolean isHeld() {
        return holder != 0;
    }

    <R extends @Nullable Object> R underLock(Supplier<R> action) {
        lockForCode();
        try {
            return action.get();
        } finally {
            unlock();
        }
    }
}

package io.cleave.sync;

import io.cleave.owner.Cell;
import io.cleave.owner.EventCount;
import io.cleave.owner.LockWord;
import io.cleave.owner.LockWord.News;
import io.cleave.owner.LockWord.Outcome;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import io.cleave.owner.SharedCell;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The mechanism of {@link SharedReadWriteLock}.
 *
 * <h2>Overview</h2>
 *
 * Readers are a {@link Tally} of which each takes one, from zero downwards; the mark says that somebody writes. A writer
 * sets the mark where nobody reads, and becomes the last to change its share by the same compare-and-set; while the mark
 * is set nobody but its process changes anything, so the state names the writer's process. {@code writer} and
 * {@code writeHolds}, written by the writer only, say which of its threads it is and how often it holds the lock.
 *
 * <p>
 * <b>Death of a writer</b> leaves the mark with the seat of a dead process. Readers and those who do not want the news
 * are refused then; one who takes the news puts its own seat in the dead one's place, by one compare-and-set, and notes
 * {@code died}. Only a writer changes that word: it clears it where what the lock guards is {@link #consistent}, and else
 * leaves the news behind when it gives the lock up.
 *
 * <p>
 * <b>Writers are not overtaken for ever.</b> Who waits to write sets {@code wanted} whenever it looks, and raises
 * {@code beat}, at least every {@link Patience#SLICE_NANOS}. New readers wait while the beat goes on, unless their thread
 * reads already. Where it has not changed for three slices, those who waited to write are gone or stopped, and the next
 * reader clears {@code wanted}. So it does not matter what a waiting writer has left behind, however it ended.
 */
final class ReadWriteState {
    private static final long BEAT_NANOS = 3 * Patience.SLICE_NANOS;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** How often each thread of this process holds which lock for reading, through whatever handle. */
    private static final Map<Reader, Integer> READERS = new ConcurrentHashMap<>();

    /** A lock, by a number that its memory bears, and a thread, as an owner. */
    private record Reader(long identity, long owner) {}

    private final Words words;
    private final Members members;
    private final Tally tally;
    private final EventCount waiting;
    private final Named named;
    private final Members.Heir heir = this::bury;
    private final long identity;
    /** The beat that a reader saw last, and since when: of the handle, so that short attempts add up. Races do no harm. */
    private volatile long beat = -1;
    private volatile long beatAt;
    /** The process of a writer that was found dead last, so that not every waiter has to find out by a system call. */
    private volatile long deadWriter;

    ReadWriteState(MemorySegment memory, int seats, Named named) {
        Participants.join(memory, TallyLayout.STAMP_AT, SharedReadWriteLock.class);
        this.words = new SharedWords(memory);
        this.members = new Members(words, TallyLayout.MEMBERS_AT, TallyLayout.STRIDE, seats);
        this.tally = new Tally(words, members,
                new LockWord(new SharedCell(memory, TallyLayout.LEDGER_AT), Participants::isDead), true);
        this.named = named;
        this.waiting = new EventCount(tally, new SharedCell(memory, TallyLayout.TURN_AT), named);
        if (words.get(TallyLayout.IDENTITY_AT) == 0) {
            boolean _ = words.cas(TallyLayout.IDENTITY_AT, 0, RANDOM.nextLong() | 1); // or another was quicker
        }
        this.identity = words.get(TallyLayout.IDENTITY_AT);
    }

    private boolean bury(int seat, long word) {
        boolean mayGo = tally.bury(seat, word, sums -> {
            boolean holds = sums.held > 0;
            sums.available += sums.held;
            sums.held = 0;
            return holds;
        });
        if (mayGo) {
            waiting.signal(Cell.ALL);
        }
        return mayGo;
    }

    private Reader reader(long owner) {
        return new Reader(identity, owner);
    }

    long readers() {
        return -tally.available();
    }

    int readHolds(long owner) {
        return READERS.getOrDefault(reader(owner), 0);
    }

    boolean isWritten() {
        return tally.isMarked();
    }

    boolean isWriter(long owner) {
        return tally.isMarked() && words.get(TallyLayout.WRITER_AT) == owner;
    }

    int writeHolds(long owner) {
        return isWriter(owner) ? (int) words.get(TallyLayout.WRITE_HOLDS_AT) + 1 : 0;
    }

    /** The writer's process as a member's word, 0 where nobody writes. */
    long writer() {
        long state = tally.state();
        int seat = TallyLayout.last(state);
        return TallyLayout.isMarked(state) && seat >= 0 ? members.word(seat) : 0;
    }

    boolean hasDied() {
        return words.get(TallyLayout.DIED_AT) != 0;
    }

    boolean isWanted() {
        return words.get(TallyLayout.WANTED_AT) != 0;
    }

    private boolean isWriterDead(int seat, boolean mayAsk) {
        long word = members.word(seat);
        long process = Members.process(word);
        if (process == 0 || process == deadWriter || !mayAsk) {
            return process != 0 && process == deadWriter;
        }
        boolean isDead = Participants.isDead(word);
        if (isDead) {
            deadWriter = process;
        }
        return isDead;
    }

    // Taking and giving up are several steps each, so the handle must not close between them: the lock would be held by a
    // process that lives and a thread that nobody knows.

    Outcome read(long me, Patience patience) throws InterruptedException {
        waiting.enter();
        try {
            return wait(new Reading(me, patience), patience);
        } finally {
            waiting.exit();
        }
    }

    Outcome write(long me, News news, Patience patience) throws InterruptedException {
        waiting.enter();
        try {
            Writing attempt = new Writing(me, news, patience);
            try {
                return wait(attempt, patience);
            } finally {
                attempt.end();
            }
        } finally {
            waiting.exit();
        }
    }

    private Outcome wait(Locking attempt, Patience patience) throws InterruptedException {
        if (patience.isInterruptible() && Thread.interrupted()) {
            throw new InterruptedException();
        }
        boolean isDone = attempt.isGot() || waiting.await(attempt, patience);
        if (isDone && attempt.outcome == Outcome.REFUSED) {
            waiting.signal(Cell.ALL); // the others who sleep are to hear of it as well
        }
        return isDone ? attempt.outcome : Outcome.TIMED_OUT;
    }

    /** An attempt to get the lock, and how it has ended. */
    private abstract class Locking implements EventCount.Attempt<RuntimeException> {
        final long me;
        final Patience patience;
        Outcome outcome = Outcome.TIMED_OUT;
        /** Whether the writer's process, too, is looked after, which takes a system call. */
        private boolean looksForDead;
        /** Whether somebody seems to have died since the last attempt; raised by a sleeper's look. */
        private volatile boolean isSuspect;

        Locking(long me, Patience patience) {
            this.me = me;
            this.patience = patience;
        }

        /** Gets the lock where that can be done, and refuses what must be refused; the outcome says which. */
        abstract boolean isGot() throws InterruptedException;

        @Override
        public boolean isDone() throws InterruptedException {
            if (isGot()) {
                return true;
            }
            looksForDead = isSuspect || members.isTimeToLook();
            isSuspect = false;
            return looksForDead && (members.reap(heir) || tally.isMarked()) && isGot();
        }

        /** Whether a process has died that had the mark. */
        final boolean isDeadWriters(Tally.Sums sums) {
            return sums.last >= 0 && isWriterDead(sums.last, looksForDead);
        }

        @Override
        public boolean isSuspicious() {
            isSuspect |= members.hasDead((seat, _) -> tally.holds(seat));
            return isSuspect;
        }

        @Override
        public boolean isMoreThere() {
            return false; // whoever gives something up wakes all
        }

        @Override
        public boolean needsSeveral() {
            return true; // who reads and who writes wait for the same
        }
    }

    private final class Reading extends Locking {
        private final Reader self;
        private final boolean reads;

        Reading(long me, Patience patience) {
            super(me, patience);
            this.self = reader(me);
            this.reads = READERS.containsKey(self);
        }

        @Override
        boolean isGot() throws InterruptedException {
            if (givesWay()) {
                return false;
            }
            outcome = Outcome.CLEAN;
            if (tally.change(members.seat(heir), this::take, patience)) {
                int _ = READERS.merge(self, 1, Integer::sum);
                return true;
            }
            boolean isRefused = outcome == Outcome.REFUSED;
            outcome = isRefused ? outcome : Outcome.TIMED_OUT;
            return isRefused;
        }

        private boolean take(Tally.Sums sums) {
            boolean isMine = sums.isMarked && words.get(TallyLayout.WRITER_AT) == me;
            if (!isMine && (sums.isMarked ? isDeadWriters(sums) : hasDied())) {
                outcome = Outcome.REFUSED;
                return false;
            }
            if (sums.held == Integer.MAX_VALUE) {
                throw new Error("Maximum lock count exceeded");
            }
            sums.available--;
            sums.held++;
            return isMine || !sums.isMarked;
        }

        /** Whether somebody waits to write who goes first. */
        private boolean givesWay() {
            if (reads || patience.isTry() || !isWanted() || isWriter(me)) {
                return false;
            }
            long now = System.nanoTime();
            long seen = words.get(TallyLayout.BEAT_AT);
            if (seen != beat) {
                beatAt = now;
                beat = seen;
            }
            if (now - beatAt < BEAT_NANOS) {
                return true;
            }
            boolean _ = words.cas(TallyLayout.WANTED_AT, 1, 0); // or another was quicker
            return false;
        }

        @Override
        public boolean isPromising() {
            return !tally.isMarked() && !givesWay();
        }
    }

    private final class Writing extends Locking {
        private final News news;
        private boolean wants;

        Writing(long me, News news, Patience patience) {
            super(me, patience);
            this.news = news;
        }

        @Override
        boolean isGot() throws InterruptedException {
            if (isWriter(me)) {
                again();
                return true;
            }
            if (tally.change(members.seat(heir), this::mark, patience)) {
                words.set(TallyLayout.WRITE_HOLDS_AT, 0);
                if (outcome == Outcome.OWNER_DIED) {
                    words.set(TallyLayout.DIED_AT, 1); // while the mark is set: should this one die, it is news again
                }
                words.set(TallyLayout.WRITER_AT, me);
                return true;
            }
            return outcome == Outcome.REFUSED;
        }

        private void again() {
            long holds = words.get(TallyLayout.WRITE_HOLDS_AT);
            if (holds == Integer.MAX_VALUE - 1) {
                throw new Error("Maximum lock count exceeded");
            }
            words.set(TallyLayout.WRITE_HOLDS_AT, holds + 1);
            outcome = hasDied() && news == News.TAKE ? Outcome.OWNER_DIED : Outcome.CLEAN;
        }

        private boolean mark(Tally.Sums sums) {
            outcome = Outcome.TIMED_OUT; // another may have been quicker than a call before
            boolean isDead = sums.isMarked && isDeadWriters(sums);
            if (sums.available != 0 || (sums.isMarked && !isDead)) {
                return false;
            }
            boolean isNews = isDead || hasDied();
            if (isNews && news == News.REFUSE) {
                outcome = Outcome.REFUSED;
                return false;
            }
            sums.isMarked = true;
            outcome = isNews ? Outcome.OWNER_DIED : Outcome.CLEAN;
            return true;
        }

        @Override
        public boolean isDone() throws InterruptedException {
            boolean isDone = super.isDone();
            if (!isDone && !patience.isTry()) {
                want();
            }
            return isDone;
        }

        private void want() {
            wants = true;
            long seen = words.get(TallyLayout.BEAT_AT);
            boolean _ = words.cas(TallyLayout.BEAT_AT, seen, seen + 1); // or another has
            if (!isWanted()) {
                boolean _ = words.cas(TallyLayout.WANTED_AT, 0, 1);
            }
        }

        @Override
        public boolean isPromising() {
            return !tally.isMarked() && tally.available() == 0;
        }

        @Override
        public boolean isSuspicious() {
            want();
            return super.isSuspicious();
        }

        /** Lets readers go on; others who wait to write say so again when they look next. */
        private void end() {
            if (wants) {
                boolean isCleared = words.cas(TallyLayout.WANTED_AT, 1, 0);
                if (isCleared && !outcome.isHeld()) {
                    waiting.signal(Cell.ALL);
                }
            }
        }
    }

    void unread(long me) {
        waiting.enter();
        try {
            giveUpRead(me);
        } finally {
            waiting.exit();
        }
    }

    void giveUpRead(long me) {
        Participants.checkOwn(me);
        Reader self = reader(me);
        Integer held = READERS.get(self);
        if (held == null) {
            throw new IllegalMonitorStateException("only who reads may give the read lock up: this thread does not "
                    + "hold it");
        }
        boolean[] isLast = {false};
        boolean _ = tally.changeUninterruptibly(members.find(), sums -> {
            sums.available++;
            sums.held--;
            isLast[0] = sums.available == 0;
            return true;
        });
        if (held == 1) {
            READERS.remove(self);
        } else {
            READERS.put(self, held - 1);
        }
        if (isLast[0]) {
            waiting.signal(Cell.ALL);
        }
    }

    void unwrite(long me) {
        waiting.enter();
        try {
            giveUpWrite(me);
        } finally {
            waiting.exit();
        }
    }

    void giveUpWrite(long me) {
        checkWriter(me, "give the write lock up");
        long holds = words.get(TallyLayout.WRITE_HOLDS_AT);
        if (holds > 0) {
            words.set(TallyLayout.WRITE_HOLDS_AT, holds - 1);
            return;
        }
        words.set(TallyLayout.WRITER_AT, 0);
        boolean _ = tally.changeUninterruptibly(-1, sums -> {
            sums.isMarked = false;
            return true;
        });
        waiting.signal(Cell.ALL);
    }

    /** Says for the writer that what the lock guards is whole again; returns whether there was news of a death. */
    boolean consistent(long me) {
        checkWriter(me, "say that what the lock guards is consistent");
        boolean isNews = hasDied();
        if (isNews) {
            words.set(TallyLayout.DIED_AT, 0);
        }
        return isNews;
    }

    private void checkWriter(long me, String what) {
        Participants.checkOwn(me);
        if (!isWriter(me)) {
            long writer = writer();
            throw new IllegalMonitorStateException("only the owner may " + what + ": " + (writer == 0
                    ? "nobody holds it" : "it is held by a thread of process " + Participants.pid(writer)));
        }
    }

    /** Makes a hold that no thread owns: the handle stays open until {@link #letClose} ends it. */
    Hold keepOpen(Callable<Hold> maker) throws Exception {
        waiting.enter();
        boolean isMade = false;
        try {
            Hold made = maker.call();
            isMade = true;
            return made;
        } finally {
            if (!isMade) {
                waiting.exit();
            }
        }
    }

    /** Ends a hold that no thread owns. It has kept the handle open, so it ends also while others wait to close it. */
    void letClose(Runnable release) {
        release.run();
        waiting.exit();
    }

    /** The handle. */
    Named named() {
        return named;
    }

    String describe(String type, Supplier<String> text) {
        return waiting.describe(type, text);
    }

    void close() {
        waiting.close();
    }
}

package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.owner.LockWord;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.SharedCell;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The table of members when others have filled it, who live or have died. */
final class SeatsTest {
    /** Above the slots that tests reach, so that all of its processes are dead. */
    private static final int SLOT_OF_NOBODY = 4000;

    private final Arena arena = Arena.ofShared();
    private MemorySegment memory;
    private SharedWords words;
    private Members members;
    private SharedSemaphore semaphore;

    @BeforeEach
    void open() {
        memory = arena.allocate(TallyLayout.BYTES, 64);
        semaphore = SharedSemaphore.at(memory, 3);
        words = new SharedWords(memory);
        members = new Members(words, TallyLayout.MEMBERS_AT, TallyLayout.STRIDE, TallyLayout.SEATS);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    /** Seats of the dead, each of whom holds so many permits. */
    private void fill(long count) {
        for (int i = 0; i < TallyLayout.SEATS; i++) {
            words.set(members.at(i), ParticipantsLayout.process(SLOT_OF_NOBODY, i)
                    | TallyLayout.payload(TallyLayout.next(0, 0, 0, i, count)));
        }
    }

    private long ownSeats() {
        long own = 0;
        for (int i = 0; i < TallyLayout.SEATS; i++) {
            own += Members.process(members.word(i)) == Participants.process() ? 1 : 0;
        }
        return own;
    }

    /** What this process holds. */
    private long held() {
        return new Tally(words, members,
                new LockWord(new SharedCell(memory, TallyLayout.LEDGER_AT), Participants::isDead), false).ownHeld();
    }

    @Test
    void aProcessKeepsItsSeat() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            semaphore.acquire();
            semaphore.release();
            assertThat(ownSeats()).isOne();
        }
    }

    @Test
    void theDeadMakeRoomForOthersAndGiveBackWhatTheyHeld() throws InterruptedException {
        fill(2);
        semaphore.acquire(2);
        assertThat(ownSeats()).isOne();
        semaphore.release(2);
        assertThat(semaphore.availablePermits()).isEqualTo(3 + 2 * TallyLayout.SEATS);
    }

    @Test
    void whoOnlyReleasesNeedsNoSeat() {
        semaphore.release(2);
        assertThat(ownSeats()).isZero();
        assertThat(semaphore.availablePermits()).isEqualTo(5);
    }

    @Test
    void whoHasOnlyReleasedGivesBackWhatItsProcessHasTakenElsewhereSince() throws InterruptedException {
        semaphore.release();
        SharedSemaphore other = SharedSemaphore.at(memory, 3);
        other.acquire(2);
        assertThat(held()).isEqualTo(2);
        semaphore.release(2);
        assertThat(held()).isZero();
    }

    @Test
    void aTableFullOfTheLivingSaysSo() {
        long here = Participants.process();
        for (int i = 0; i < TallyLayout.SEATS; i++) {
            words.set(members.at(i), here | 1); // another process's, were the calling one not looked for by all of it
        }
        Members others = new Members(new Words() {
            @Override
            public long get(long at) {
                long word = words.get(at);
                return at >= TallyLayout.MEMBERS_AT && word != 0 ? word ^ 1L << ParticipantsLayout.GENERATION_SHIFT
                        : word;
            }

            @Override
            public void set(long at, long value) {
                words.set(at, value);
            }

            @Override
            public boolean cas(long at, long expected, long value) {
                return words.cas(at, expected, value);
            }
        }, TallyLayout.MEMBERS_AT, TallyLayout.STRIDE, TallyLayout.SEATS);
        assertThatThrownBy(() -> others.seat((_, _) -> false)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("all 56 places").hasMessageContaining("with a name");
    }

    @Test
    void thoseWhoComeFirstSitOnLinesOfTheirOwn() {
        assertThat(java.util.stream.IntStream.range(0, 14).mapToLong(i -> members.at(members.spread(i)) / 64).distinct()
                .count()).isEqualTo(14);
        assertThat(java.util.stream.IntStream.range(0, TallyLayout.SEATS).map(members::spread).distinct().count())
                .isEqualTo(TallyLayout.SEATS);
    }
}

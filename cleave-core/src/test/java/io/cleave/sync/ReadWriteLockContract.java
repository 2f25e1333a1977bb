package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a read-write lock promises. {@code one} and {@code two} are two ways to one lock. */
@SuppressWarnings("LockNotBeforeTry") // a test breaks the rules of use on purpose
abstract class ReadWriteLockContract {
    SharedReadWriteLock one;
    SharedReadWriteLock two;

    @Test
    void manyReadAtOnce() throws Exception {
        one.readLock().lock();
        one.readLock().lock();
        Background.run(() -> {
            two.readLock().lock();
            assertThat(one.getReadLockCount()).isEqualTo(3);
            two.readLock().unlock();
        }).get();
        assertThat(one.getReadHoldCount()).isEqualTo(2);
        assertThat(Background.call(() -> two.writeLock().tryLock()).get()).isFalse();
        one.readLock().unlock();
        one.readLock().unlock();
        assertThat(one.getReadLockCount()).isZero();
    }

    @Test
    void aWriterIsAlone() throws Exception {
        one.writeLock().lock();
        assertThat(two.isWriteLockedByCurrentThread()).isTrue();
        assertThat(Background.call(() -> two.readLock().tryLock()).get()).isFalse();
        assertThat(Background.call(() -> two.writeLock().tryLock(1, TimeUnit.MILLISECONDS)).get()).isFalse();
        Background<Void> reader = Background.run(() -> {
            two.readLock().lock();
            two.readLock().unlock();
        }).staysBlocked();
        Background<Void> writer = Background.runVirtual(() -> {
            two.writeLock().lock();
            two.writeLock().unlock();
        }).staysBlocked();
        one.writeLock().unlock();
        reader.get();
        writer.get();
        assertThat(one.isWriteLocked()).isFalse();
    }

    @Test
    void theWriteLockIsReentrantAndCanBecomeAReadLock() throws Exception {
        one.writeLock().lock();
        two.writeLock().lock();
        assertThat(one.getWriteHoldCount()).isEqualTo(2);
        one.readLock().lock();
        one.writeLock().unlock();
        one.writeLock().unlock();
        assertThat(one.isWriteLocked()).isFalse();
        assertThat(Background.call(() -> two.writeLock().tryLock()).get()).isFalse();
        assertThat(one.writeLock().tryLock()).isFalse(); // no way from reading to writing
        one.readLock().unlock();
    }

    @Test
    void onlyHoldersUnlock() throws Exception {
        assertThatThrownBy(() -> one.readLock().unlock()).isInstanceOf(IllegalMonitorStateException.class);
        assertThatThrownBy(() -> one.writeLock().unlock()).isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("nobody");
        one.writeLock().lock();
        assertThatThrownBy(() -> Background.run(() -> two.writeLock().unlock()).get())
                .isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("process " + ProcessHandle.current().pid());
        one.writeLock().unlock();
    }

    @Test
    void newReadersLetAWaitingWriterGoFirst() throws Exception {
        one.readLock().lock();
        Background<Void> writer = Background.run(() -> {
            two.writeLock().lock();
            two.writeLock().unlock();
        });
        assertThat(Delays.within(Delays.PATIENCE, one::hasQueuedWriters)).isTrue();
        Background<Void> reader = Background.run(() -> {
            two.readLock().lock();
            two.readLock().unlock();
        }).staysBlocked();
        one.readLock().lock(); // who reads already may
        one.readLock().unlock();
        one.readLock().unlock();
        writer.get();
        reader.get();
    }

    @Test
    void aWriterThatGivesUpLetsReadersGo() throws Exception {
        one.readLock().lock();
        Background<Void> writer = Background.run(() -> two.writeLock().lockInterruptibly());
        assertThat(Delays.within(Delays.PATIENCE, one::hasQueuedWriters)).isTrue();
        Background<Void> reader = Background.run(() -> {
            two.readLock().lock();
            two.readLock().unlock();
        }).staysBlocked();
        writer.interrupt();
        assertThatThrownBy(writer::get).isInstanceOf(InterruptedException.class);
        reader.get();
        one.readLock().unlock();
        assertThat(one.writeLock().tryLock()).isTrue();
        one.writeLock().unlock();
    }

    @Test
    void itGuardsWhatItGuards() throws Exception {
        int[] pair = {0, 0};
        List<Background<Void>> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            SharedReadWriteLock mine = i % 2 == 0 ? one : two;
            boolean writes = i < 2;
            all.add(Background.run(() -> {
                for (int j = 0; j < 3_000; j++) {
                    if (writes) {
                        mine.writeLock().lock();
                        pair[0]++;
                        pair[1]++;
                        mine.writeLock().unlock();
                    } else {
                        mine.readLock().lock();
                        assertThat(pair[0]).isEqualTo(pair[1]);
                        mine.readLock().unlock();
                    }
                }
            }));
        }
        for (Background<Void> each : all) {
            each.get();
        }
        assertThat(pair[0]).isEqualTo(6_000);
    }

    @Test
    void thereAreNoConditions() {
        assertThatThrownBy(() -> one.readLock().newCondition()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> one.writeLock().newCondition()).isInstanceOf(UnsupportedOperationException.class);
    }
}

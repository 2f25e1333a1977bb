package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a read-write lock promises. */
@SuppressWarnings("LockNotBeforeTry") // a test breaks the rules of use on purpose
abstract class ReadWriteLockContract extends Contract<SharedReadWriteLock> {
    private static final Party.Deed<SharedReadWriteLock> READ = (lock, _) -> {
        lock.readLock().lock();
        lock.readLock().unlock();
    };
    private static final Party.Deed<SharedReadWriteLock> WRITE = (lock, _) -> {
        lock.writeLock().lock();
        lock.writeLock().unlock();
    };
    private static final Party.Work<SharedReadWriteLock, Boolean> TRY_READ = (lock, _) -> lock.readLock().tryLock();
    private static final Party.Work<SharedReadWriteLock, Boolean> TRY_WRITE = (lock, _) -> lock.writeLock().tryLock();

    ReadWriteLockContract(Place place) {
        super(place, SharedReadWriteLock.BYTES, SharedReadWriteLock::at, SharedReadWriteLock::named);
    }

    @Test
    void manyReadAtOnce() throws Exception {
        one.readLock().lock();
        one.readLock().lock();
        assertThat(other.call((lock, _) -> {
            lock.readLock().lock();
            int readers = lock.getReadLockCount();
            lock.readLock().unlock();
            return readers;
        }).get()).isEqualTo(3);
        assertThat(one.getReadHoldCount()).isEqualTo(2);
        assertThat(other.call(TRY_WRITE).get()).isFalse();
        one.readLock().unlock();
        one.readLock().unlock();
        assertThat(one.getReadLockCount()).isZero();
    }

    @Test
    void aWriterIsAlone() throws Exception {
        one.writeLock().lock();
        assertThat(two.isWriteLockedByCurrentThread()).isTrue();
        assertThat(other.call(TRY_READ).get()).isFalse();
        assertThat(other.call((lock, _) -> lock.writeLock().tryLock(1, TimeUnit.MILLISECONDS)).get()).isFalse();
        Background<Void> reader = other.run(READ).staysBlocked();
        Background<Void> writer = other.runVirtual(WRITE).staysBlocked();
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
        assertThat(other.call(TRY_WRITE).get()).isFalse();
        assertThat(one.writeLock().tryLock()).isFalse(); // no way from reading to writing
        one.readLock().unlock();
    }

    @Test
    void onlyHoldersUnlock() throws Exception {
        assertThatThrownBy(() -> one.readLock().unlock()).isInstanceOf(IllegalMonitorStateException.class);
        assertThatThrownBy(() -> one.writeLock().unlock()).isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("nobody");
        one.writeLock().lock();
        assertThatThrownBy(() -> other.run((lock, _) -> lock.writeLock().unlock()).get())
                .isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("process " + ProcessHandle.current().pid());
        one.writeLock().unlock();
    }

    @Test
    void interruptsEndWaitsThatSaySo() throws Exception {
        one.writeLock().lock();
        List<Party.Deed<SharedReadWriteLock>> waits = List.of((lock, _) -> lock.writeLock().lockInterruptibly(),
                (lock, _) -> lock.readLock().lockInterruptibly(),
                (lock, _) -> lock.readLock().tryLock(1, TimeUnit.DAYS));
        for (Party.Deed<SharedReadWriteLock> wait : waits) {
            for (Background<Void> waiter : List.of(other.run(wait), other.runVirtual(wait))) {
                waiter.staysBlocked().interrupt();
                assertThatThrownBy(waiter::get).isInstanceOf(InterruptedException.class);
            }
        }
        one.writeLock().unlock();
        other.run(WRITE).get();
    }

    @Test
    void newReadersLetAWaitingWriterGoFirst() throws Exception {
        one.readLock().lock();
        Background<Void> writer = other.run(WRITE);
        assertThat(Delays.within(Delays.PATIENCE, one::hasQueuedWriters)).isTrue();
        Background<Void> reader = other.run(READ).staysBlocked();
        one.readLock().lock(); // who reads already may
        one.readLock().unlock();
        one.readLock().unlock();
        writer.get();
        reader.get();
    }

    @Test
    void aWriterThatGivesUpLetsReadersGo() throws Exception {
        one.readLock().lock();
        Background<Void> writer = other.run((lock, _) -> lock.writeLock().lockInterruptibly());
        assertThat(Delays.within(Delays.PATIENCE, one::hasQueuedWriters)).isTrue();
        Background<Void> reader = other.run(READ).staysBlocked();
        writer.interrupt();
        assertThatThrownBy(writer::get).isInstanceOf(InterruptedException.class);
        reader.get();
        one.readLock().unlock();
        assertThat(one.writeLock().tryLock()).isTrue();
        one.writeLock().unlock();
    }

    @Test
    void itGuardsWhatItGuards() throws Exception {
        List<Background<Void>> all = new ArrayList<>();
        Party.Deed<SharedReadWriteLock> write = (lock, data) -> {
            for (int i = 0; i < 3_000; i++) {
                lock.writeLock().lock();
                plain(data, 0, plain(data, 0) + 1);
                plain(data, 1, plain(data, 1) + 1);
                lock.writeLock().unlock();
            }
        };
        Party.Deed<SharedReadWriteLock> read = (lock, data) -> {
            for (int i = 0; i < 3_000; i++) {
                lock.readLock().lock();
                assertThat(plain(data, 0)).isEqualTo(plain(data, 1));
                lock.readLock().unlock();
            }
        };
        all.add(Background.run(() -> write.on(one, data)));
        all.add(Background.run(() -> read.on(one, data)));
        all.add(other.run(write));
        all.add(other.run(read));
        for (Background<Void> each : all) {
            each.get();
        }
        assertThat(plain(data, 0)).isEqualTo(6_000);
    }

    @Test
    void whoOnlyTriesToWriteIsAlone() throws Exception {
        Party.Deed<SharedReadWriteLock> attempts = (lock, data) -> {
            for (int i = 0, got = 0; i < 200_000 && got < 20_000; i++) {
                if (lock.writeLock().tryLock()) {
                    got++;
                    plain(data, 0, plain(data, 0) + 1);
                    assertThat(plain(data, 0)).isEqualTo(plain(data, 1) + 1);
                    plain(data, 1, plain(data, 1) + 1);
                    lock.writeLock().unlock();
                }
            }
        };
        List<Background<Void>> all = List.of(Background.run(() -> attempts.on(one, data)), other.run(attempts),
                Background.run(() -> attempts.on(one, data)));
        for (Background<Void> each : all) {
            each.get();
        }
        assertThat(one.isWriteLocked()).isFalse();
    }

    @Test
    void thereAreNoConditions() {
        assertThatThrownBy(() -> one.readLock().newCondition()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> one.writeLock().newCondition()).isInstanceOf(UnsupportedOperationException.class);
    }
}

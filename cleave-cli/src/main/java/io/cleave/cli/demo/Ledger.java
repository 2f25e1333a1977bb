package io.cleave.cli.demo;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A store in memory: accounts between which writers move money, so that the sum of all balances never changes, and a saved
 * state that caught a transfer half-done shows it.
 */
public final class Ledger {
    /** What each account takes on the heap, about. */
    public static final int ACCOUNT_BYTES = 1056;

    private static final int NOTE_BYTES = 1000;
    private static final long BALANCE = 1_000_000;
    private static final int BUFFER_BYTES = 1 << 20;
    private static final VarHandle BALANCES;

    static {
        try {
            BALANCES = MethodHandles.lookup().findVarHandle(Account.class, "balance", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Account[] accounts;
    /** Held as a reader by who transfers, and as a writer by who must not see a transfer half-done. */
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    /** A balance, and what else is known of its owner. */
    private static final class Account {
        private long balance;
        private final byte[] note;

        Account(long balance, byte[] note) {
            this.balance = balance;
            this.note = note;
        }
    }

    /**
     * What was read back from a saved ledger.
     *
     * @param accounts how many
     * @param sum of their balances
     * @param notes the sum of the bytes of their notes
     */
    public record Saved(int accounts, long sum, long notes) {}

    private Ledger(Account[] accounts) {
        this.accounts = accounts;
    }

    /** Opens so many accounts, with equal balances. */
    public static Ledger of(int count) {
        SplittableRandom random = new SplittableRandom(count);
        Account[] accounts = new Account[count];
        for (int i = 0; i < count; i++) {
            byte[] note = new byte[NOTE_BYTES];
            random.nextBytes(note);
            accounts[i] = new Account(BALANCE, note);
        }
        return new Ledger(accounts);
    }

    /** How many accounts there are. */
    public int size() {
        return accounts.length;
    }

    /** Keeps all transfers away while something is done. */
    public Lock stop() {
        lock.writeLock().lock();
        return () -> lock.writeLock().unlock();
    }

    /** Lets transfers go on. */
    @FunctionalInterface
    public interface Lock extends AutoCloseable {
        @Override
        void close();
    }

    /** Moves money from one account to another. */
    public void transfer(int from, int to, long amount) {
        lock.readLock().lock();
        try {
            var _ = (long) BALANCES.getAndAdd(accounts[from], -amount);
            var _ = (long) BALANCES.getAndAdd(accounts[to], amount);
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Another ledger with the same in it. */
    public Ledger copy() {
        Account[] copies = new Account[accounts.length];
        for (int i = 0; i < copies.length; i++) {
            copies[i] = new Account(accounts[i].balance, accounts[i].note.clone());
        }
        return new Ledger(copies);
    }

    /** Writes everything to a file. */
    public void save(Path file) throws IOException {
        try (DataOutputStream out = new DataOutputStream(
                new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES))) {
            out.writeInt(accounts.length);
            for (Account account : accounts) {
                out.writeLong(account.balance);
                out.write(account.note);
            }
        }
    }

    /** What a right file must have in it. */
    public Saved expected() {
        long notes = 0;
        for (Account account : accounts) {
            notes += sum(account.note);
        }
        return new Saved(accounts.length, BALANCE * accounts.length, notes);
    }

    /** Reads a file back. */
    public static Saved read(Path file) throws IOException {
        try (DataInputStream in = new DataInputStream(
                new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES))) {
            int count = in.readInt();
            byte[] note = new byte[NOTE_BYTES];
            long sum = 0;
            long notes = 0;
            for (int i = 0; i < count; i++) {
                sum += in.readLong();
                in.readFully(note);
                notes += sum(note);
            }
            return new Saved(count, sum, notes);
        }
    }

    private static long sum(byte[] bytes) {
        long sum = 0;
        for (byte each : bytes) {
            sum += each;
        }
        return sum;
    }
}

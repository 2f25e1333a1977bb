package io.cleave.work;

import io.cleave.CleaveException;
import io.cleave.WorkerException;
import io.cleave.share.Codec;
import java.io.IOException;
import java.io.ObjectStreamException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What went wrong with an item, on its way from a child to the caller.
 *
 * @param message what went wrong
 * @param item the item, as text
 * @param index its place in the whole input
 * @param worker who computed it
 * @param stack the stack trace, as text
 * @param exception the exception as Java serialization has it, or null where that is impossible
 */
@SuppressWarnings("ArrayRecordComponent") // two failures are never compared
public record Failure(String message, String item, long index, String worker, String stack,
        byte @Nullable [] exception) {
    /** Chains of causes may be circles. */
    private static final int MOST_CAUSES = 20;

    /**
     * Describes what the user's code threw.
     *
     * @param thrown what it threw
     * @param item at which item; null where {@link #withItem} is to say it, as a text may be dear to make
     * @param index the item's place
     * @param worker who computed it
     * @return the account
     */
    public static Failure of(Throwable thrown, @Nullable Object item, long index, String worker) {
        byte @Nullable [] exception = null;
        String why = "";
        try {
            exception = Codec.java().encode(thrown);
        } catch (Throwable t) { // whatever the exception's class does
            passOutOfMemory(t);
            why = " (the exception itself cannot be carried over: " + safeText(t) + ")";
        }
        return new Failure(message(thrown, index) + why, textOf(item), index, worker, stackOf(thrown), exception);
    }

    /**
     * Says what the user's code threw where there is too little memory to describe it.
     *
     * @param thrown what it threw
     * @param index the item's place
     * @param worker who computed it
     * @return the account
     */
    public static Failure inShort(Throwable thrown, long index, String worker) {
        return new Failure("the task failed at item " + index + ": " + thrown.getClass().getName()
                + ", and there was too little memory left for more", "", index, worker, "", null);
    }

    /**
     * Adds the account of an item to what the user's code threw in this JVM.
     *
     * @param thrown what it threw
     * @param item at which item
     * @param index the item's place
     * @param worker who computed it
     * @return the same exception
     */
    public static Throwable addAccount(Throwable thrown, @Nullable Object item, long index, String worker) {
        return new Failure(message(thrown, index), textOf(item), index, worker, stackOf(thrown), null)
                .withAccount(thrown);
    }

    private static String message(Throwable thrown, long index) {
        return "the task failed at item " + index + ": " + safeText(thrown);
    }

    /**
     * Describes a result that cannot be sent.
     *
     * @param refusal what the codec said
     * @param value the result
     * @param codec the codec
     * @param item of which item
     * @param index the item's place; less than 0 where it was gathered from many
     * @param worker who computed it
     * @return the account
     */
    public static Failure unsendable(Throwable refusal, @Nullable Object value, Codec codec, @Nullable Object item,
            long index,
            String worker) {
        String what = index < 0 ? "what was gathered" : "the result of item " + index;
        return new Failure(what + " cannot be serialised: " + refusal(refusal, value, codec), textOf(item), index,
                worker, "", null);
    }

    /**
     * Describes a result that has come, and cannot be decoded.
     *
     * @param refusal what the codec threw
     * @param item of which item
     * @param index the item's place
     * @param worker who computed it
     * @return the account
     */
    public static Failure undecodable(Throwable refusal, @Nullable Object item, long index, String worker) {
        return new Failure("the result of item " + index + " cannot be deserialised: " + reason(refusal)
                + "; return what the calling process can read, too, or choose another codec", textOf(item), index,
                worker, stackOf(refusal), null);
    }

    /**
     * Why a value cannot be sent, with the path to the part that is to blame, and what to do. Codecs of Cleave's own say so
     * themselves; with others it is found by trying.
     *
     * @param refusal what was thrown
     * @param value the value
     * @param codec the codec
     * @return the rest of a sentence
     */
    public static String refusal(Throwable refusal, @Nullable Object value, Codec codec) {
        if (refusal instanceof ObjectStreamException || refusal instanceof CleaveException) {
            return safeText(refusal.getMessage());
        }
        if (refusal instanceof IllegalArgumentException && refusal.getCause() instanceof ObjectStreamException cause) {
            return safeText(cause.getMessage());
        }
        if (refusal instanceof VirtualMachineError) { // another try would end likewise
            return "encoding the value has ended by " + reason(refusal)
                    + "; send smaller parts, or give this process more memory by -Xmx";
        }
        return Unsendable.find(value, codec) + " (" + reason(refusal)
                + "); send plain data, records or Serializable objects";
    }

    /**
     * What a codec said, and what lies behind it.
     *
     * @param refusal what it threw
     * @return its text, with that of the deepest cause where it does not contain that
     */
    public static String reason(Throwable refusal) {
        String text = safeText(refusal);
        Throwable root = refusal;
        Throwable cause = causeOf(root);
        for (int depth = 0; cause != null && depth < MOST_CAUSES; depth++) {
            root = cause;
            cause = causeOf(root);
        }
        String deepest = safeText(root);
        return text.contains(deepest) ? text : text + ", caused by " + deepest;
    }

    /**
     * The cause of an exception, even where its own getCause fails.
     *
     * @param thrown any exception
     * @return what it says, or null
     */
    public static @Nullable Throwable causeOf(Throwable thrown) {
        try {
            return thrown.getCause();
        } catch (Throwable t) { // of a class of the user's
            return null;
        }
    }

    /** Whoever makes the account of a failure says it in short where there is too little memory for more. */
    private static void passOutOfMemory(Throwable thrown) {
        if (thrown instanceof OutOfMemoryError error) {
            throw error;
        }
    }

    /**
     * The same account with the text of its item, made where the item can be asked at leisure.
     *
     * @param of the item
     * @return the account
     */
    public Failure withItem(@Nullable Object of) {
        return new Failure(message, textOf(of), index, worker, stack, exception);
    }

    /**
     * The same account, of an item whose place was not known where it was made.
     *
     * @param of the item
     * @param place its place
     * @return the account
     */
    public Failure at(@Nullable Object of, long place) {
        return new Failure(message.replace(" at item " + index, " at item " + place), textOf(of), place, worker, stack,
                exception);
    }

    /**
     * The account of a call to System.exit, given the account of the stack that led to it.
     *
     * @return that account
     */
    public Failure asExit() {
        return new Failure("System.exit was called in a child, at item " + index
                + ", and ended that child alone; a task returns a result or throws", item, index, worker, stack, null);
    }

    /**
     * The same account, of what came before the first item.
     *
     * @return an account that names the hook
     */
    public Failure asHooks() {
        return new Failure("the hook that runs in each child after the fork has failed: "
                + message.replace(", at item " + index, "").replace(" at item " + index, "")
                        .replace("the task failed: ", ""),
                item, index, worker, stack,
                exception);
    }

    /**
     * The error for an item that took too long.
     *
     * @param limit what it may take
     * @param where at which item, for the message
     * @param item the item's text
     * @param index its place
     * @param worker who computed it
     * @return the error, whose cause is a TimeoutException
     */
    public static WorkerException timedOut(Duration limit, String where, String item, long index, String worker) {
        String message = "the task took longer than " + limit + " " + where;
        return new WorkerException(message, item, index, worker, "", new TimeoutException(message));
    }

    /**
     * Makes bytes of it.
     *
     * @return the bytes
     * @throws IOException never, but for lack of memory
     */
    public byte[] encode() throws IOException {
        return Codec.java().encode(new Object[] {message, item, index, worker, stack, exception});
    }

    /**
     * Makes a failure of bytes.
     *
     * @param bytes hold it
     * @param offset the first byte
     * @param length how many
     * @return the failure
     * @throws IOException where they are damaged
     */
    public static Failure decode(byte[] bytes, int offset, int length) throws IOException {
        Object[] parts = (Object[]) Objects.requireNonNull(Codec.java().decode(bytes, offset, length));
        return new Failure((String) parts[0], (String) parts[1], (Long) parts[2], (String) parts[3], (String) parts[4],
                (byte[]) parts[5]);
    }

    /**
     * The exception that the caller gets.
     *
     * @return the original with the account as suppressed, or the account alone
     */
    public Throwable toThrowable() {
        if (exception != null) {
            try {
                if (Codec.java().decode(exception, 0, exception.length) instanceof Throwable original) {
                    return withAccount(original);
                }
            } catch (Throwable t) { // whatever the exception's class does when it is read
                return account(t);
            }
        }
        return account(null);
    }

    /**
     * Adds the account to an exception that was thrown in the calling JVM or rebuilt there.
     *
     * @param original the exception
     * @return the same
     */
    public Throwable withAccount(Throwable original) {
        original.addSuppressed(account(null));
        return original;
    }

    private WorkerException account(@Nullable Throwable cause) {
        return new WorkerException(message, item, index, worker, stack, cause);
    }

    /**
     * An object's text, shortened, even where its own toString fails. Large collections are read no further than needed.
     *
     * @param object anything
     * @return at most 200 characters of it
     */
    public static String textOf(@Nullable Object object) {
        return ItemText.of(object);
    }

    private static String safeText(@Nullable Object object) {
        try {
            return String.valueOf(object);
        } catch (Throwable t) {
            passOutOfMemory(t);
            return (object == null ? "null" : object.getClass().getName()) + ", whose toString failed with "
                    + t.getClass().getName();
        }
    }

    private static String stackOf(Throwable thrown) {
        StringWriter text = new StringWriter();
        try (PrintWriter printer = new PrintWriter(text)) {
            thrown.printStackTrace(printer);
        } catch (Throwable t) {
            passOutOfMemory(t);
            return "no stack: " + t.getClass().getName();
        }
        return text.toString();
    }
}

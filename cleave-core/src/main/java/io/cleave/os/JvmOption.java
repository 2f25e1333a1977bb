package io.cleave.os;

import static io.cleave.os.Native.INT;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One of HotSpot's options that are small numbers, where HotSpot itself keeps it, which tells debuggers so in its table of
 * options ({@code JVMFlag}). It is for options that the JVM reads again whenever it needs them, and that
 * {@link com.sun.management.HotSpotDiagnosticMXBean} does not let anybody change. Values are below 2<sup>31</sup>, of which the
 * lower half of a wider option is all that matters on a little-endian processor.
 */
public final class JvmOption {
    private static final long MOST_OPTIONS = 10_000;

    private final MemorySegment memory;

    private JvmOption(long address) {
        this.memory = VmStructs.memory(address, Integer.BYTES);
    }

    /**
     * Looks for an option.
     *
     * @param name its name, of an option that is a number
     * @return the option, or null where this JVM has none of the name, or does not tell where
     */
    public static @Nullable JvmOption find(String name) {
        try {
            VmStructs hotSpot = new VmStructs();
            long nameAt = hotSpot.place("JVMFlag._name");
            long option = VmStructs.read(hotSpot.place("JVMFlag.flags"));
            long size = VmStructs.size("JVMFlag");
            long count = Math.min(VmStructs.read(hotSpot.place("JVMFlag.numFlags")), MOST_OPTIONS);
            for (long n = 0; n < count; n++, option += size) {
                long text = VmStructs.read(option + nameAt);
                if (text != 0 && VmStructs.text(text).equals(name)) {
                    return new JvmOption(VmStructs.read(option + hotSpot.place("JVMFlag._addr")));
                }
            }
            return null;
        } catch (RuntimeException e) { // nobody needs one so much as to fail without it
            return null;
        }
    }

    /**
     * What it is.
     *
     * @return its value
     */
    public int get() {
        return memory.get(INT, 0);
    }

    /**
     * Makes it another value, for this process.
     *
     * @param value what the JVM reads from now on, at least 0
     */
    public void set(int value) {
        memory.set(INT, 0, value);
    }
}

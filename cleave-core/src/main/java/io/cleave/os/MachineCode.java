package io.cleave.os;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Code of our own in this process's memory. */
final class MachineCode {
    private MachineCode() {
    }

    /**
     * Maps code for reading and running only.
     *
     * @param base64 the code
     * @return the address, for the life of the process
     * @throws SystemCallException where the system does not let memory be executed that was written before
     */
    static long map(String base64) {
        return map(base64, 0, 0);
    }

    /**
     * Maps code for reading and running only, and memory behind it that can be written.
     *
     * @param base64 the code
     * @param stateAt where that memory begins, a multiple of the page size and not less than the code's length; or 0
     * @param stateBytes its length
     * @return the code's address, for the life of the process
     * @throws SystemCallException where the system does not let memory be executed that was written before
     */
    static long map(String base64, long stateAt, long stateBytes) {
        MemorySegment code = MemorySegment.ofArray(decoded(base64));
        long byteSize = Math.max(code.byteSize(), stateAt + stateBytes);
        long address = Mman.checked(Mman.mmap(byteSize, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS, -1, 0), byteSize);
        Native.memory(address, code.byteSize()).copyFrom(code);
        SystemCallException.check(
                Mman.mprotect(address, stateAt == 0 ? code.byteSize() : stateAt, Mman.PROT_READ | Mman.PROT_EXEC),
                "mprotect(PROT_EXEC)",
                "a policy forbids to execute what was written (SELinux's execmem, a seccomp filter)");
        return address;
    }

    /** Base64 in lines. In a JVM that has just been started, this costs a tenth of what the JDK's decoder does. */
    private static byte[] decoded(String base64) {
        byte[] bytes = new byte[base64.length()];
        int length = 0;
        int bits = 0;
        int value = 0;
        for (int i = 0; i < base64.length() && base64.charAt(i) != '='; i++) {
            char c = base64.charAt(i);
            if (c != '\n') {
                value = value << 6 | sixBits(c);
                bits += 6;
                if (bits >= Byte.SIZE) {
                    bits -= Byte.SIZE;
                    bytes[length++] = (byte) (value >> bits);
                }
            }
        }
        return Arrays.copyOf(bytes, length);
    }

    private static int sixBits(char c) {
        if (c >= 'a') {
            return c - 'a' + 26;
        }
        if (c >= 'A') {
            return c - 'A';
        }
        if (c >= '0') {
            return c - '0' + 52;
        }
        return c == '+' ? 62 : 63;
    }
}

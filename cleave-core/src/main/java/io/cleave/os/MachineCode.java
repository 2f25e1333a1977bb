package io.cleave.os;

import java.lang.foreign.MemorySegment;
import java.util.Base64;

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
        MemorySegment code = MemorySegment.ofArray(Base64.getMimeDecoder().decode(base64));
        long byteSize = Math.max(code.byteSize(), stateAt + stateBytes);
        long address = Mman.checked(Mman.mmap(byteSize, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS, -1, 0), byteSize);
        VmStructs.memory(address, code.byteSize()).copyFrom(code);
        SystemCallException.check(
                Mman.mprotect(address, stateAt == 0 ? code.byteSize() : stateAt, Mman.PROT_READ | Mman.PROT_EXEC),
                "mprotect(PROT_EXEC)",
                "a policy forbids to execute what was written (SELinux's execmem, a seccomp filter)");
        return address;
    }
}

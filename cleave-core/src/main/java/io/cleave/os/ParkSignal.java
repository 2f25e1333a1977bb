package io.cleave.os;

/** The signal that parks the threads of this process for the moment of a whole fork. */
final class ParkSignal {
    private static final int LAST = 57;
    private static final int FIRST = 40;
    private static final long ALL = -1;

    private ParkSignal() {
    }

    /**
     * Takes a signal that nobody uses.
     *
     * @param code where the machine code of a whole fork lies
     * @return the signal
     * @throws UnsupportedOperationException where all are in use
     */
    static int install(long code) {
        Sigaction action = new Sigaction(code + WholeForkCode.PARKED, Sigaction.SA_SIGINFO | Sigaction.SA_RESTART, ALL);
        for (int signal = LAST; signal >= FIRST; signal--) {
            if (Sigaction.of(signal).handler() == 0 && action.install(signal)) {
                return signal;
            }
        }
        throw new UnsupportedOperationException("all signals from " + FIRST + " to " + LAST + " are in use");
    }
}

package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.Delays;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The way of what workers print. */
final class OutputPumpTest {
    /** Fails at one line. */
    private static final class Fragile extends PrintStream {
        private final List<String> lines = new ArrayList<>();

        Fragile() {
            super(OutputStream.nullOutputStream());
        }

        @Override
        public void println(String line) {
            if (line.equals("bad")) {
                throw new AssertionError("a stream that fails");
            }
            lines.add(line);
        }
    }

    /** The thread ended, and with it the way of all that came after. */
    @Test
    void aLineThatCannotBePassedOnIsTheOnlyOneThatIsLost() throws InterruptedException {
        PrintStream before = System.out;
        try (Fragile fragile = new Fragile()) {
            System.setOut(fragile);
            OutputPump pump = new OutputPump(
                    new ByteArrayInputStream("first\nbad\nlast\n".getBytes(StandardCharsets.US_ASCII)),
                    WorkerOutput.STREAMS, false, "test-output");
            assertThat(pump.awaitEnd(Delays.PATIENCE.toMillis())).isTrue();
            assertThat(fragile.lines).containsExactly("first", "last");
            assertThat(pump.tail()).isEqualTo("first\nbad\nlast");
        } finally {
            System.setOut(before);
        }
    }
}

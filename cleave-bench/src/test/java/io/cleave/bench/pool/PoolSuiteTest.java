package io.cleave.bench.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class PoolSuiteTest {
    @Test
    void anUnknownWorkIsRefusedWithThoseThatThereAre() {
        StringWriter err = new StringWriter();
        assertThat(new CommandLine(new PoolSuite()).setErr(new PrintWriter(err)).execute("--work", "one-call"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("there is no work \"one-call\"", "one-call-us");
    }
}

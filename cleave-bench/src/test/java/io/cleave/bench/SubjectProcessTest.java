package io.cleave.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SubjectProcessTest {
    /** Answers with the request's length and the argument; fails where it is asked to. */
    static final class Echo {
        private Echo() {
        }

        public static void main(String[] args) throws Exception {
            Requests.serve(request -> {
                if (request.equals("fail")) {
                    System.exit(7);
                }
                return new double[] {request.length(), Double.parseDouble(args[0])};
            });
        }
    }

    private static SubjectProcess echo() throws IOException {
        return SubjectProcess.start("echo", SubjectProcess.jvm(Echo.class, List.of("-Xmx64m"), "1.5"));
    }

    @Test
    void eachRequestIsAnswered() throws IOException {
        try (SubjectProcess subject = echo()) {
            assertThat(subject.measure("four")).containsExactly(4, 1.5);
            assertThat(subject.measure("a b c")).containsExactly(5, 1.5);
        }
    }

    @Test
    void aSubjectThatEndsIsReportedWithItsExitCode() throws IOException {
        try (SubjectProcess subject = echo()) {
            assertThatThrownBy(() -> subject.measure("fail")).isInstanceOf(IOException.class)
                    .hasMessageContaining("echo has ended with exit code 7");
        }
    }

    @Test
    void aProgramThatIsNoSubjectIsRefused() {
        assertThatThrownBy(() -> SubjectProcess.start("liar", List.of("/bin/echo", "hello")))
                .isInstanceOf(IOException.class).hasMessageContaining("hello");
    }
}

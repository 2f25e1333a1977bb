package io.cleave.objects;

import java.util.Collections;
import junit.framework.TestCase;
import junit.framework.TestFailure;
import junit.framework.TestResult;
import junit.framework.TestSuite;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;

/** Guava's suites, which are JUnit 3's, as nodes of JUnit 5. */
final class GuavaSuite {
    private GuavaSuite() {
    }

    static DynamicNode node(junit.framework.Test test) {
        if (test instanceof TestSuite suite) {
            return DynamicContainer.dynamicContainer(suite.getName(),
                    Collections.list(suite.tests()).stream().map(GuavaSuite::node));
        }
        TestCase single = (TestCase) test;
        return DynamicTest.dynamicTest(single.getName(), () -> run(single));
    }

    private static void run(TestCase test) throws Throwable {
        TestResult result = new TestResult();
        test.run(result);
        for (TestFailure failure : Collections.list(result.failures())) {
            throw failure.thrownException();
        }
        for (TestFailure error : Collections.list(result.errors())) {
            throw error.thrownException();
        }
    }
}

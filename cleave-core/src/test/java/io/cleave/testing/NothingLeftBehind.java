package io.cleave.testing;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test, or a class of tests, that leaves a block, a process or a thread named {@code cleave-*} which was not
 * there before. It is registered for all tests by {@code META-INF/services}.
 */
public final class NothingLeftBehind
        implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {

    @Override
    public void beforeAll(ExtensionContext context) {
        RunDirectory.create();
        remember(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        remember(context);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        check(context);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        check(context);
    }

    private static ExtensionContext.Store store(ExtensionContext context) {
        return context.getStore(ExtensionContext.Namespace.create(NothingLeftBehind.class, context.getUniqueId()));
    }

    private static void remember(ExtensionContext context) {
        store(context).put(Traces.class, Traces.now());
    }

    private static void check(ExtensionContext context) {
        Traces before = store(context).remove(Traces.class, Traces.class);
        if (!Delays.within(Delays.GRACE, () -> Traces.now().without(before).isEmpty())) {
            Traces left = Traces.now().without(before);
            String description = left.describe();
            left.remove();
            throw new AssertionError(context.getDisplayName() + " left behind:\n" + description);
        }
    }
}

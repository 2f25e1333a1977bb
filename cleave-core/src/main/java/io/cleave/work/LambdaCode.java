package io.cleave.work;

import io.cleave.channel.FrameBuffer;
import io.cleave.channel.FrameSink;
import io.cleave.share.Codec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/**
 * Lambdas on their way to a worker, by the same means as Java serialization but without its streams, which take a fresh
 * JVM a dozen milliseconds to load and some microseconds for each object: their {@link SerializedLambda} is sent field by
 * field. That is done where what is captured is simple, but for one value at most: several objects could refer to each
 * other, which only one stream for all of them would preserve.
 */
final class LambdaCode {
    private static final int SIMPLE = 0;
    private static final int ENCODED = 1;
    private static final MethodType FACTORY = MethodType.methodType(Object.class, SerializedLambda.class);

    private LambdaCode() {
    }

    /**
     * Writes a lambda.
     *
     * @param out where to
     * @param kind the frame's kind
     * @param lambda any object
     * @return false where it is no lambda that can be sent this way, and nothing was written
     */
    static boolean write(FrameSink out, int kind, Object lambda) {
        SerializedLambda form = form(lambda);
        if (form == null || !isSimpleEnough(form)) {
            return false;
        }
        try {
            byte[] bytes = encode(form);
            if (bytes.length > Parcel.MOST_INLINE) {
                return false;
            }
            out.write(kind, bytes, 0, bytes.length);
            return true;
        } catch (IOException | RuntimeException | LinkageError | StackOverflowError e) {
            return false; // whoever writes it the other way gets the same, and tells where it comes from
        }
    }

    private static @Nullable SerializedLambda form(Object lambda) {
        if (!lambda.getClass().isHidden()) {
            return null;
        }
        try {
            Method replace = lambda.getClass().getDeclaredMethod("writeReplace");
            replace.setAccessible(true);
            return replace.invoke(lambda) instanceof SerializedLambda form ? form : null;
        } catch (ReflectiveOperationException | RuntimeException e) {
            return null; // its module does not open itself to us
        }
    }

    private static boolean isSimpleEnough(SerializedLambda form) {
        int others = 0;
        for (int i = 0; i < form.getCapturedArgCount(); i++) {
            if (!Values.isSimple(form.getCapturedArg(i))) {
                others++;
            }
        }
        return others <= 1;
    }

    private static byte[] encode(SerializedLambda form) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF(form.getCapturingClass());
        out.writeUTF(form.getFunctionalInterfaceClass());
        out.writeUTF(form.getFunctionalInterfaceMethodName());
        out.writeUTF(form.getFunctionalInterfaceMethodSignature());
        out.writeInt(form.getImplMethodKind());
        out.writeUTF(form.getImplClass());
        out.writeUTF(form.getImplMethodName());
        out.writeUTF(form.getImplMethodSignature());
        out.writeUTF(form.getInstantiatedMethodType());
        out.writeInt(form.getCapturedArgCount());
        for (int i = 0; i < form.getCapturedArgCount(); i++) {
            Object captured = form.getCapturedArg(i);
            boolean isSimple = Values.isSimple(captured) && !Values.needsCodec(captured);
            byte[] value = isSimple ? simple(captured) : Codec.java().encode(captured);
            out.writeByte(isSimple ? SIMPLE : ENCODED);
            out.writeInt(value.length);
            out.write(value);
        }
        return bytes.toByteArray();
    }

    private static byte[] simple(@Nullable Object value) throws IOException {
        FrameBuffer frame = new FrameBuffer(32);
        Values.write(frame, Codec.java(), value);
        return frame.toByteArray();
    }

    /**
     * Makes a lambda of what {@link #write} wrote.
     *
     * @param bytes the frame's payload
     * @return the lambda
     * @throws IOException where a class is missing, or differs from what it is where the lambda comes from
     */
    static Object read(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        String capturing = in.readUTF();
        try {
            Class<?> type = find(capturing.replace('/', '.'));
            SerializedLambda form = new SerializedLambda(type, in.readUTF(), in.readUTF(), in.readUTF(), in.readInt(),
                    in.readUTF(), in.readUTF(), in.readUTF(), in.readUTF(), captured(in));
            LambdaCode.class.getModule().addReads(type.getModule());
            MethodHandle make = MethodHandles.privateLookupIn(type, MethodHandles.lookup()).findStatic(type,
                    "$deserializeLambda$", FACTORY);
            return make(make, form);
        } catch (ReflectiveOperationException e) {
            throw invalid("no class " + capturing + ", or not the same (" + e + ")", e);
        }
    }

    /** Calls the lambda's class by a method handle, as reflection takes a fresh JVM two milliseconds more. */
    private static Object make(MethodHandle factory, SerializedLambda form) throws IOException {
        try {
            return (Object) factory.invokeExact(form);
        } catch (VirtualMachineError e) {
            throw e;
        } catch (Throwable e) {
            throw invalid("its class " + form.getCapturingClass() + " cannot make it: " + e, e);
        }
    }

    private static IOException invalid(String what, @Nullable Throwable cause) {
        InvalidObjectException exception = new InvalidObjectException(what);
        exception.initCause(cause);
        return exception;
    }

    private static Class<?> find(String name) throws ClassNotFoundException {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        return Class.forName(name, false, loader == null ? ClassLoader.getSystemClassLoader() : loader);
    }

    private static @Nullable Object[] captured(DataInputStream in) throws IOException {
        @Nullable Object[] captured = new Object[in.readInt()];
        for (int i = 0; i < captured.length; i++) {
            boolean isSimple = in.readByte() == SIMPLE;
            byte[] value = in.readNBytes(in.readInt());
            captured[i] = isSimple ? Values.readOne(value) : Codec.java().decode(value, 0, value.length);
        }
        return captured;
    }
}

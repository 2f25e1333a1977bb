package io.cleave.fission;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.cleave.fission.OrdinaryJava.Entries;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.spi.FileSystemProvider;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.util.HexFormat;
import java.util.List;
import java.util.ServiceLoader;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Reflection, classes made while the program runs, cryptography, randomness. */
final class OrdinaryCode {
    private OrdinaryCode() {
    }

    /** Called by reflection. */
    static final class Target {
        private int value;

        Target(int value) {
            this.value = value;
        }

        int plus(int other) {
            return value + other;
        }

        static int twice(int x) {
            return 2 * x;
        }
    }

    /** A call of a method handle. */
    private interface Call<T> {
        T call() throws Throwable;
    }

    private static <T> T checked(Call<T> call) {
        try {
            return call.call();
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    static void addTo(Entries entries) {
        reflection(entries);
        classes(entries);
        secrets(entries);
    }

    private static void reflection(Entries entries) {
        entries.add("reflection", x -> {
            Target target = Target.class.getDeclaredConstructor(int.class).newInstance(x);
            Method plus = Target.class.getDeclaredMethod("plus", int.class);
            int sum = 0;
            for (int i = 0; i < 100; i++) {
                sum += (int) plus.invoke(target, i);
            }
            return sum;
        }, x -> 4950 + 100 * x)
                .add("proxy", x -> {
                    InvocationHandler handler = (_, method, _) -> method.getName() + x;
                    return ((Supplier<?>) Proxy.newProxyInstance(Target.class.getClassLoader(),
                            new Class<?>[] {Supplier.class}, handler)).get();
                }, x -> "get" + x)
                .add("method and var handles", x -> {
                    MethodHandles.Lookup lookup = MethodHandles.lookup();
                    MethodHandle twice = lookup.findStatic(Target.class, "twice",
                            MethodType.methodType(int.class, int.class));
                    VarHandle value = lookup.findVarHandle(Target.class, "value", int.class);
                    Target target = new Target(x);
                    value.getAndAdd(target, 5);
                    MethodHandle fourTimes = MethodHandles.filterReturnValue(twice, twice);
                    return checked(() -> (int) fourTimes.invokeExact((int) value.get(target)));
                }, x -> 4 * (x + 5))
                .add("lambda made by hand", x -> {
                    MethodHandles.Lookup lookup = MethodHandles.lookup();
                    MethodType type = MethodType.methodType(int.class, int.class);
                    MethodHandle maker = LambdaMetafactory.metafactory(lookup, "applyAsInt",
                            MethodType.methodType(IntUnaryOperator.class), type,
                            lookup.findStatic(Target.class, "twice", type), type).getTarget();
                    return checked(() -> (IntUnaryOperator) maker.invokeExact()).applyAsInt(x);
                }, x -> 2 * x)
                .add("service loader", x -> ServiceLoader.load(FileSystemProvider.class).stream()
                        .anyMatch(provider -> provider.type().getName().contains("Zip"))
                        && FileSystems.getDefault() != null,
                        x -> true)
                .add("exceptions", x -> {
                    try {
                        return Integer.parseInt("n" + x);
                    } catch (NumberFormatException e) {
                        return e.getStackTrace().length > 2 ? e.getMessage() : "no trace";
                    }
                }, x -> "For input string: \"n" + x + "\"")
                .add("deep recursion", x -> depth(5000) + x, x -> 5000 + x)
                .add("stack overflow", x -> {
                    try {
                        return depth(Integer.MAX_VALUE);
                    } catch (StackOverflowError e) {
                        return x;
                    }
                }, x -> x)
                .add("stack overflow in a thread", x -> {
                    int[] result = {-1};
                    Thread thread = Thread.ofPlatform().start(() -> {
                        try {
                            result[0] = depth(Integer.MAX_VALUE);
                        } catch (StackOverflowError e) {
                            result[0] = x;
                        }
                    });
                    thread.join();
                    return result[0];
                }, x -> x);
    }

    private static int depth(int most) {
        return most == 0 ? 0 : 1 + depth(most - 1);
    }

    private static void classes(Entries entries) {
        entries.add("class file made by hand", x -> {
            byte[] bytes = ClassFile.of().build(ClassDesc.of("io.cleave.fission.Made" + x),
                    type -> type.withMethodBody("value", MethodTypeDesc.of(ConstantDescs.CD_int),
                            AccessFlag.PUBLIC.mask() | AccessFlag.STATIC.mask(),
                            code -> code.loadConstant(x + 40).ireturn()));
            return MethodHandles.lookup().defineHiddenClass(bytes, true).lookupClass().getMethod("value").invoke(null);
        }, x -> x + 40)
                .add("compiler and class loader", x -> {
                    Path directory = Files.createTempDirectory("classes");
                    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
                    JavaFileObject source = new SimpleJavaFileObject(URI.create("string:///Made.java"),
                            JavaFileObject.Kind.SOURCE) {
                        @Override
                        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                            return "public class Made { public static int value() { return " + x + " + 1; } }";
                        }
                    };
                    boolean done = compiler.getTask(null, null, null,
                            List.of("-proc:none", "-d", directory.toString()), null, List.of(source)).call();
                    try (URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()})) {
                        return done ? loader.loadClass("Made").getMethod("value").invoke(null) : "not compiled";
                    }
                }, x -> x + 1);
    }

    private static void secrets(Entries entries) {
        entries.add("digest and MAC", x -> {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(new byte[] {1}, "HmacSHA256"));
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest("abc".getBytes(UTF_8)), 0, 4)
                    + mac.doFinal(new byte[] {x.byteValue()}).length;
        }, x -> "ba7816bf32")
                .add("AES/GCM", x -> {
                    SecretKeySpec key = new SecretKeySpec(
                            SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(
                                    new PBEKeySpec("secret".toCharArray(), new byte[] {1, 2, 3}, 100, 128))
                                    .getEncoded(),
                            "AES");
                    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
                    cipher.init(Cipher.ENCRYPT_MODE, key);
                    byte[] secret = cipher.doFinal(("text " + x).getBytes(UTF_8));
                    Cipher back = Cipher.getInstance("AES/GCM/NoPadding");
                    back.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(128, cipher.getIV()));
                    return new String(back.doFinal(secret), UTF_8);
                }, x -> "text " + x)
                .add("key pair and signature", x -> {
                    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
                    generator.initialize(256);
                    KeyPair pair = generator.generateKeyPair();
                    Signature signature = Signature.getInstance("SHA256withECDSA");
                    signature.initSign(pair.getPrivate());
                    signature.update(x.byteValue());
                    byte[] signed = signature.sign();
                    signature.initVerify(pair.getPublic());
                    signature.update(x.byteValue());
                    return signature.verify(signed);
                }, x -> true)
                .add("TLS context", x -> {
                    SSLContext context = SSLContext.getInstance("TLS");
                    context.init(null, null, null);
                    SSLEngine engine = context.createSSLEngine("localhost", 1);
                    engine.setUseClientMode(true);
                    engine.beginHandshake();
                    return engine.getSupportedProtocols().length > 1;
                }, x -> true)
                .add("random numbers", x -> LongStream
                        .concat(LongStream.generate(() -> new SecureRandom().nextLong()).limit(2),
                                LongStream.generate(() -> ThreadLocalRandom.current().nextLong()).limit(2))
                        .distinct().count() + UUID.randomUUID().version(), x -> 8);
    }
}

export default function Home() {
  return <h1>The same for everybody</h1>;
}

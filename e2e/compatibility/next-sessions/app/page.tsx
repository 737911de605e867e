export default function Home() {
  return <h1>The same page for all users</h1>;
}
